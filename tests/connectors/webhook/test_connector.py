"""The webhook connector; what it shares with every connector is proved by the conformance suite."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from connectors.base import Ignored, Refused
from connectors.headers import Headers
from connectors.webhook.connector import build_webhook
from worker.errors import SettingsError
from worker.settings import ChannelSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled

BODY = b'{"event": "ticket.viewed"}'


def settings(**options: Any) -> ChannelSettings:  # noqa: ANN401 - whatever an option may be
    """Return a channel's settings."""
    return ChannelSettings(
        connector="webhook", service="support", options={"do": "ignore", "external_id": "id", **options}
    )


def test_verified_then_understood(tickets: "Settled") -> None:
    """A signed body is believed, with the evidence, and then read."""
    verified = tickets.connector.verify(tickets.delivery(BODY, secret=1))
    assert (verified.method, verified.secret) == ("hmac-sha256", 1)
    assert isinstance(tickets.connector.translate(verified), Ignored)


def test_the_signature_may_stand_elsewhere(tickets: "Settled") -> None:
    """The header with the signature is the one the channel names."""
    connector = build_webhook("tickets", settings(signature_header="X-Hub-Signature-256"), tickets.secrets)
    delivery = tickets.delivery(BODY)
    with pytest.raises(Refused):
        connector.verify(delivery)
    moved = Headers([("X-Hub-Signature-256", delivery.headers["X-Signature-256"])])
    assert connector.verify(replace(delivery, headers=moved)).secret == 0


def test_a_webhook_without_secrets_is_refused() -> None:
    """A channel that could not verify anything is a wrong setting."""
    with pytest.raises(SettingsError, match=r"channels\.shop\.secrets"):
        build_webhook("shop", settings(), ())


def test_secrets_are_not_printed(tickets: "Settled") -> None:
    """Printing a connector does not show its secrets."""
    assert "secret" not in repr(tickets.connector).replace("secrets", "")
