"""A channel's scheme together with its secrets."""

import hmac
from datetime import UTC, datetime

import pytest

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.prover import Prover
from connectors.signatures.keyed import Hmac
from connectors.signatures.tokens import Token


def test_secrets_are_read_anew_for_each_delivery() -> None:
    """A secret that was exchanged while we run is used at once, and the evidence says how and with which."""
    secrets = ["old"]
    prover = Prover(Hmac(), lambda: secrets, {})
    signature = hmac.new(b"new", b"{}", "sha256").hexdigest()
    headers = Headers([("X-Signature-256", signature)])
    delivery = Delivery("shop", headers, b"{}", datetime(2026, 11, 23, tzinfo=UTC))
    with pytest.raises(Refused):
        prover.verify(delivery)
    secrets.append("new")
    verified = prover.verify(delivery)
    assert (verified.delivery, verified.method, verified.secret) == (delivery, "hmac", 1)


def test_secrets_are_not_printed() -> None:
    """Printing it does not show a secret."""
    assert "hush" not in repr(Prover(Hmac(), lambda: ("hush",), {}))


def test_a_secret_that_was_sent_along_goes_no_further() -> None:
    """What is translated and kept of a proved delivery does not hold the token that proved it."""
    prover = Prover(Token(header="X-Token"), lambda: ("hush",), {})
    delivery = Delivery("shop", Headers([("X-Token", "hush")]), b"{}", datetime(2026, 11, 23, tzinfo=UTC))
    assert "X-Token" not in prover.verify(delivery).delivery.headers
