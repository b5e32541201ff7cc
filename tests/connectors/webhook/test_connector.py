"""The webhook connector; what it shares with every connector is proved by the conformance suite."""

from typing import TYPE_CHECKING

from connectors.base import Ignored

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled

BODY = b'{"event": "ticket.viewed"}'


def test_verified_then_understood(tickets: "Settled") -> None:
    """A signed body is believed, with the evidence, and then read."""
    verified = tickets.connector.verify(tickets.delivery(BODY, secret=1))
    assert (verified.method, verified.secret) == ("hmac", 1)
    assert isinstance(tickets.connector.translate(verified), Ignored)


def test_secrets_are_not_printed(tickets: "Settled") -> None:
    """Printing a connector does not show its secrets."""
    printed = repr(tickets.connector)
    assert not [secret for secret in tickets.secrets if secret in printed]
