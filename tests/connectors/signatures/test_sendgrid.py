"""SendGrid, by the vector of its owner's SDK."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sendgrid.helpers.eventwebhook import EventWebhook

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.sendgrid import SendGrid
from tests.connectors.signing import ED25519_SECRETS, SENDGRID_SECRETS, sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
# sendgrid-python, test/unit/test_eventwebhook.py: key, signature, time, body.
KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpi"
    "glSI8eNEc6wEA3F+g=="
)
SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
AT = 1600112502
BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)


def example(signature: str = SIGNATURE, timestamp: str = str(AT), body: bytes = BODY) -> Delivery:
    """Return the SDK's example."""
    pairs = [
        ("X-Twilio-Email-Event-Webhook-Signature", signature),
        ("X-Twilio-Email-Event-Webhook-Timestamp", timestamp),
    ]
    return Delivery("c", Headers(pairs), body, datetime.fromtimestamp(AT, UTC))


def test_the_sdks_vector_passes() -> None:
    """Written as the settings page shows it, and as PEM."""
    pem = f"-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n"
    for key in (KEY, pem):
        assert SendGrid().prove(example(), (SENDGRID_SECRETS[0], key), {}) == 1


def test_the_sdk_believes_what_our_tests_sign() -> None:
    """The tests' signer is SendGrid's equal."""
    signed = sign("sendgrid", Delivery("c", Headers(), b"[]", NOW), SENDGRID_SECRETS[1])
    assert SendGrid().prove(signed, SENDGRID_SECRETS, {}) == 1
    assert EventWebhook(SENDGRID_SECRETS[1]).verify_signature(
        "[]",
        signed.headers["X-Twilio-Email-Event-Webhook-Signature"],
        signed.headers["X-Twilio-Email-Event-Webhook-Timestamp"],
    )


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (example(body=BODY.rstrip()), "none of the channel's secrets"),
        (example(timestamp=str(AT + 1)), "none of the channel's secrets"),
        (example(timestamp="timestamp"), "none of the channel's secrets"),
        (example(signature=SIGNATURE[:-8]), "none of the channel's secrets"),
        (example(signature=""), "none of the channel's secrets"),
        (example(signature="!"), "holds no base64"),
    ],
)
def test_anything_else_is_refused(found: Delivery, reason: str) -> None:
    """What was changed, or cannot be read, is Refused."""
    with pytest.raises(Refused, match=reason):
        SendGrid().prove(found, (KEY,), {})


@pytest.mark.parametrize("late_s", [-301, 301])
def test_it_has_to_be_fresh(late_s: int) -> None:
    """Five minutes either way, unless the channel says otherwise."""
    moved = replace(example(), arrived_at=datetime.fromtimestamp(AT, UTC) + timedelta(seconds=late_s))
    with pytest.raises(Refused, match="signed 301 s"):
        SendGrid().prove(moved, (KEY,), {})
    assert SendGrid(tolerance_s=600).prove(moved, (KEY,), {}) == 0


@pytest.mark.parametrize(
    "secret",
    [
        "not a key",
        KEY[:-4],
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ED25519_SECRETS[0],
        # An Ed25519 key as SubjectPublicKeyInfo (RFC 8410, section 10.1): a key, but not for ECDSA.
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
        "schlüssel",
    ],
)
def test_unfit_keys_are_found_and_fit_nothing(secret: str) -> None:
    """A key that is none is a flaw of the settings; exchanged while we run, it proves nothing."""
    assert SendGrid().flaw(secret) == "is no ECDSA public key, in base64 or PEM"
    assert SendGrid().flaw(KEY) == ""
    with pytest.raises(Refused):
        SendGrid().prove(example(), (secret,), {})
