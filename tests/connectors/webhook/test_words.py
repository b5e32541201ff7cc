"""Values as text."""

import pytest
from pydantic import JsonValue

from connectors.webhook.words import as_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
        ({"a": ["é"]}, '{"a":["é"]}'),
    ],
)
def test_anything_can_be_text(value: JsonValue, text: str) -> None:
    """A string stays what it is; all else is written as JSON."""
    assert as_text(value) == text
