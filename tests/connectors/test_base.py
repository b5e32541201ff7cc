"""The words of a door."""

from datetime import UTC, datetime

import pytest

from connectors.base import Delivery, Envelope, Refused, UnreadableDelivery
from connectors.headers import Headers
from worker.errors import BridgeError


def test_a_refusal_says_two_things() -> None:
    """The reason is for our log; what the sender hears gives nothing away."""
    refusal = Refused("no such secret")
    assert str(refusal) == "no such secret"
    assert "secret" not in refusal.told
    assert Refused("x", told="y").told == "y"


@pytest.mark.parametrize("error", [Refused, UnreadableDelivery])
def test_a_connectors_errors_are_ours(error: type[Exception]) -> None:
    """What a connector raises on purpose is an error the bridge can name."""
    assert issubclass(error, BridgeError)


def test_printing_a_delivery_shows_no_content() -> None:
    """Neither body nor addresses stand in what is printed of a delivery."""
    envelope = Envelope("me@example.org", ("you@example.org",))
    delivery = Delivery("mail", Headers([("a", "secret")]), b"secret", datetime.now(UTC), envelope=envelope)
    assert "secret" not in repr(delivery)
    assert "example.org" not in repr(delivery)
