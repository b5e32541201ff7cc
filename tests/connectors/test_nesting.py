"""How deep documents go."""

import pytest

from connectors.nesting import DEPTH, is_too_deep


def nested(depth: int, *, alternate: bool = False) -> object:
    """Return so many arrays, or arrays and objects in turn, inside one another."""
    document: object = "end"
    for level in range(depth):
        document = {"a": document} if alternate and level % 2 else [1, document]
    return document


@pytest.mark.parametrize("alternate", [False, True])
def test_the_limit_itself_is_within_the_limit(alternate: bool) -> None:  # noqa: FBT001 - a table's column
    """As many as are allowed pass, and one more does not."""
    assert not is_too_deep(nested(DEPTH, alternate=alternate))
    assert is_too_deep(nested(DEPTH + 1, alternate=alternate))


@pytest.mark.parametrize("document", [None, 1, "[[[[", [], {}, [[[]]] * 100])
def test_width_is_no_depth(document: object) -> None:
    """What has no levels, or many things on few, is not deep."""
    assert not is_too_deep(document)
