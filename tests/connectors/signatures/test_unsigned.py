"""No proof at all."""

from datetime import UTC, datetime

from connectors.base import Delivery
from connectors.headers import Headers
from connectors.signatures.unsigned import Unsigned


def test_anything_passes_and_no_secret_is_named() -> None:
    """Whatever arrives is taken, without a secret."""
    delivery = Delivery("c", Headers(), b"anything", datetime(2026, 11, 23, tzinfo=UTC))
    assert Unsigned().prove(delivery, (), {}) is None
    assert not Unsigned.needs_secrets
