"""Stripe, signed by its owner's SDK."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from stripe import WebhookSignature

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.stripe import Stripe

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BODY = '{"id": "evt_1", "object": "event"}'
STAMP = int(NOW.timestamp())


def delivery(header: str) -> Delivery:
    """Return a delivery with this signature header."""
    return Delivery("c", Headers([("Stripe-Signature", header)]), BODY.encode(), NOW)


def signature(secret: str) -> str:
    """Return the hex that the SDK makes of the body."""
    return WebhookSignature.generate_signature_header(BODY, secret, STAMP).partition("v1=")[2]


def test_what_the_sdk_signs_passes() -> None:
    """The SDK's header is genuine."""
    header = WebhookSignature.generate_signature_header(BODY, "whsec_a", STAMP)
    assert Stripe().prove(delivery(header), ("whsec_b", "whsec_a"), {}) == 1


def test_one_of_several_signatures_is_enough() -> None:
    """While a secret is rotated Stripe signs with both; v0 never counts."""
    header = f"t={STAMP}, v1={signature('other')},v1={signature('s')},v0={signature('third')}"
    assert Stripe().prove(delivery(header), ("s",), {}) == 0
    with pytest.raises(Refused, match="none of the channel's secrets"):
        Stripe().prove(delivery(header), ("third",), {})


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (f"t={STAMP},v0={signature('s')}", "no signature of the scheme v1"),
        (f"v1={signature('s')}", "0 fields t instead of one"),
        (f"t={STAMP},t={STAMP},v1={signature('s')}", "2 fields t instead of one"),
        (f"t={STAMP},v1=zz", "holds no hex"),
        (f"t={STAMP + 1},v1={signature('s')}", "none of the channel's secrets"),
        (f"t=,v1={signature('s')}", "none of the channel's secrets"),
        ("nonsense", "0 fields t"),
    ],
)
def test_odd_headers_are_refused(header: str, reason: str) -> None:
    """Missing, doubled and changed parts are each Refused."""
    with pytest.raises(Refused, match=reason):
        Stripe().prove(delivery(header), ("s",), {})


@pytest.mark.parametrize("late_s", [-301, 301])
def test_it_has_to_be_fresh(late_s: int) -> None:
    """The SDK looks only for what is too old; we look both ways."""
    header = WebhookSignature.generate_signature_header(BODY, "s", STAMP - late_s)
    with pytest.raises(Refused, match="signed 301 s"):
        Stripe().prove(delivery(header), ("s",), {})
    assert Stripe(tolerance_s=600).prove(delivery(header), ("s",), {}) == 0


def test_a_changed_body_is_refused() -> None:
    """One byte more is another letter."""
    genuine = delivery(WebhookSignature.generate_signature_header(BODY, "s", STAMP))
    with pytest.raises(Refused):
        Stripe().prove(replace(genuine, body=genuine.body + b" "), ("s",), {})
