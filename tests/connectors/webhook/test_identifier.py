"""Ids in a sender's JSON."""

from typing import Any

import pytest

from connectors.base import UnreadableDelivery
from connectors.webhook.identifier import identifier


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        ("A-1", "A-1"),
        (" ", " "),
        (0, "0"),
        (-7, "-7"),
        (2**64 - 1, str(2**64 - 1)),
        (1.5, "1.5"),
    ],
)
def test_ids_become_text(value: Any, text: str | None) -> None:  # noqa: ANN401 - any JSON
    """Text stays what it is, numbers become their decimal text, and nothing is nothing."""
    assert identifier(value, "id") == text


@pytest.mark.parametrize("value", [True, False, [], ["a"], {}, {"id": 1}, 1e300, float(2**53)])
def test_other_values_are_no_ids(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Booleans, lists, objects and numbers that lost digits are unreadable, and the reason names the id."""
    with pytest.raises(UnreadableDelivery, match="the external id is"):
        identifier(value, "external id")
