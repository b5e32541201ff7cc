"""Values never change, and a typo is never silently lost."""

import pytest
from pydantic import ValidationError

from worker.frozen import Frozen


class Point(Frozen):
    """A value like any other."""

    x: int


def test_a_value_never_changes() -> None:
    """Assigning to a field is an error."""
    point = Point(x=1)
    with pytest.raises(ValidationError, match="frozen"):
        point.x = 2
    assert point == Point(x=1)


def test_an_unknown_field_is_refused() -> None:
    """`z` may be a typo of `x`."""
    with pytest.raises(ValidationError, match="z"):
        Point(x=1, z=2)
