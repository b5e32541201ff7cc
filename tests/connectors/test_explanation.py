"""Explanations of what pydantic found wrong."""

import pytest
from pydantic import Field, ValidationError

from connectors.explanation import explain
from worker.frozen import Frozen


class Shelf(Frozen):
    """A value with two fields."""

    books: int
    names: dict[str, int] = Field(default_factory=dict)


def test_every_wrong_key_is_named_by_its_path() -> None:
    """One sentence names the path of each wrong key, without the words of the library's own keys."""
    with pytest.raises(ValidationError) as error:
        Shelf.model_validate({"books": "many", "names": {"a": None}})
    told = explain(error.value, "room.shelf")
    assert told.startswith("room.shelf.books: ")
    assert "; room.shelf.names.a: " in told
    assert "[key]" not in told
