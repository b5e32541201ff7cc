"""What senders wrote is hidden, whatever its name and type, until it is revealed."""

import pytest
from pydantic import JsonValue

from console.pages.mask import masked, shown


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        ("Jo Doe", "•••••• 6 characters"),
        ("x", "•••••• 1 character"),
        ({"a": 1, "b": 2}, "•••••• 2 properties"),
        ({"a": 1}, "•••••• 1 property"),
        (["a"], "•••••• 1 element"),
        (4711, "••••••"),
        (None, "••••••"),
    ],
)
def test_a_mask_says_how_much_it_hides_and_nothing_of_it(value: JsonValue, mask: str) -> None:
    """A number says nothing at all: a short one would be guessed from its length."""
    assert masked(value) == mask


def test_properties_are_shown_when_they_are_revealed() -> None:
    """A text as it is, anything else as JSON."""
    properties: dict[str, JsonValue] = {"Name": "Jo", "Tags": ["ä", 1]}
    assert [(each.text, each.hidden) for each in shown(properties, reveal=True)] == [
        ("Jo", False),
        ('["ä", 1]', False),
    ]
    assert all(each.hidden and "Jo" not in each.text for each in shown(properties, reveal=False))
