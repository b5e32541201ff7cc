"""Names that user data may not use."""

import pytest
from pydantic import TypeAdapter, ValidationError

from worker.properties import RESERVED, PropertyName, is_reserved

NAMES: TypeAdapter[str] = TypeAdapter(PropertyName)


@pytest.mark.parametrize("name", [*sorted(RESERVED), "queue", "bridge_key", "Bridge_Anything"])
def test_reserved_names_are_refused(name: str) -> None:
    """System properties and the bridge's own marks cannot be mapped, whatever their case."""
    assert is_reserved(name)
    with pytest.raises(ValidationError, match="reserved for the system"):
        NAMES.validate_python(name)


@pytest.mark.parametrize("name", ["Subject", "QueueName", "bridgehead", "Größe"])
def test_other_names_are_free(name: str) -> None:
    """Any other name is taken as it is."""
    assert NAMES.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_names_have_a_length(name: str) -> None:
    """An empty name and an endless one are refused."""
    with pytest.raises(ValidationError):
        NAMES.validate_python(name)
