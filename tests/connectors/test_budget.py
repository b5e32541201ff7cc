"""A delivery's user data and its budget."""

import pytest

from connectors.base import UnreadableDelivery
from connectors.budget import fit


def test_long_texts_are_shortened() -> None:
    """What can be made to fit is made to fit."""
    assert len(str(fit({"Text": "x" * 20_000})["Text"])) < 16_000


def test_what_cannot_be_shortened_is_unreadable() -> None:
    """Too many values are a delivery that a person must look at."""
    with pytest.raises(UnreadableDelivery, match="over its budget"):
        fit({"Numbers": list(range(9000))})
