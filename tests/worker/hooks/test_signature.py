"""Signatures are those of Standard Webhooks: its owners' library takes them."""

import base64
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from worker.errors import SettingsError
from worker.hooks.signature import key_of, sign

OLD = "whsec_" + base64.b64encode(bytes(range(24))).decode()
NEW = "whsec_" + base64.b64encode(bytes(range(64))).decode()
BODY = b'{"type":"interaction.created","data":{"external_id":"\xc3\xbc"}}'


def headers(now: int, *secrets: str) -> dict[str, str]:
    """Return what an event is sent with."""
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(now),
        "webhook-signature": sign("evt_1", now, BODY, secrets),
    }


def test_the_owners_library_takes_it() -> None:
    """Every byte of the body counts."""
    now = int(datetime.now(UTC).timestamp())
    assert Webhook(OLD).verify(BODY, headers(now, OLD)) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(BODY + b" ", headers(now, OLD))


def test_it_is_what_the_owners_library_makes() -> None:
    """To the letter."""
    now = datetime.now(UTC)
    theirs = Webhook(NEW).sign("evt_1", now, BODY.decode())
    assert sign("evt_1", int(now.timestamp()), BODY, [NEW]) == theirs


def test_while_a_secret_is_replaced_both_are_good() -> None:
    """One signature for each, in one header."""
    both = headers(int(datetime.now(UTC).timestamp()), OLD, NEW)
    assert len(both["webhook-signature"].split(" ")) == 2
    for secret in (OLD, NEW):
        Webhook(secret).verify(BODY, both)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (OLD.removeprefix("whsec_"), r"whsec_ and 24 to 64 bytes in base64; this one has \d+ bytes"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "this one has 23 bytes"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "this one has 65 bytes"),
        ("whsec_not base64!", "not base64"),
        ("whsk_" + base64.b64encode(bytes(32)).decode(), "not base64"),
        ("", "this one has 0 bytes"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_quoted(secret: str, said: str) -> None:
    """The specification asks for 24 to 64 bytes behind its prefix."""
    with pytest.raises(SettingsError, match=said) as caught:
        key_of(secret)
    assert not secret or secret not in str(caught.value)
    with pytest.raises(SettingsError):
        sign("evt_1", 0, BODY, [OLD, secret])
