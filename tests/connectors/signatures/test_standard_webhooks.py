"""Standard Webhooks, by the examples of its libraries and by its owner's SDK."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.standard_webhooks import StandardWebhooks
from tests.connectors.signing import ED25519_SECRETS, sign

SCHEME = StandardWebhooks()
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# The libraries' own example: github.com/standard-webhooks, libraries/go/webhook_symmetric_test.go and
# webhook_asymmetric_test.go, the tests of signing.
EXAMPLE_AT = 1614265330
EXAMPLE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
EXAMPLE_BODY = '{"test": 2432232314}'
EXAMPLE_V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
EXAMPLE_V1A = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="


def example(signature: str, family: str = "webhook", **changed: str) -> Delivery:
    """Return the libraries' example with this signature."""
    headers = {"id": EXAMPLE_ID, "timestamp": str(EXAMPLE_AT), "signature": signature}
    pairs = [(f"{family}-{name}", value) for name, value in (headers | changed).items()]
    return Delivery("c", Headers(pairs), EXAMPLE_BODY.encode(), datetime.fromtimestamp(EXAMPLE_AT, UTC))


def public_key(seed: str) -> str:
    """Return the public key that goes with a published private one."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))
    return "whpk_" + base64.b64encode(key.public_key().public_bytes_raw()).decode()


EXAMPLE_KEY = public_key("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_")])
@pytest.mark.parametrize("family", ["webhook", "svix"])
def test_the_published_hmac_passes(secret: str, family: str) -> None:
    """The published value fits, with or without the prefix of the secret, and under Svix's names."""
    assert SCHEME.prove(example(EXAMPLE_V1, family), (secret,), {}) == 0


def test_the_published_ed25519_passes() -> None:
    """The published asymmetric value fits its public key."""
    assert SCHEME.prove(example(EXAMPLE_V1A), (ED25519_SECRETS[0], EXAMPLE_KEY), {}) == 1


def test_what_the_sdk_signs_passes() -> None:
    """The owner's SDK makes what we take."""
    unsigned = Delivery("c", Headers(), b'{"n": "\xc3\xa4"}', NOW)
    secrets = (SECRET, ED25519_SECRETS[1])
    for index, secret in enumerate(secrets):
        assert SCHEME.prove(sign("standard-webhooks", unsigned, secret), secrets, {}) == index


def test_secrets_without_padding_are_taken() -> None:
    """The owner's libraries take them too."""
    unpadded = "whsec_" + base64.b64encode(b"k" * 25).decode().rstrip("=")
    signature = Webhook(unpadded).sign(EXAMPLE_ID, datetime.fromtimestamp(EXAMPLE_AT, UTC), EXAMPLE_BODY)
    assert SCHEME.prove(example(signature), (unpadded,), {}) == 0


def test_one_of_several_signatures_is_enough() -> None:
    """Other versions and other secrets' signatures do no harm."""
    others = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5 v1,!"
    assert SCHEME.prove(example(f"{others} {EXAMPLE_V1}"), (SECRET,), {}) == 0


def test_versions_are_not_mixed() -> None:
    """An HMAC counts for no public key and an Ed25519 signature for no shared secret."""
    relabelled = "v1a," + EXAMPLE_V1.partition(",")[2]
    with pytest.raises(Refused):
        SCHEME.prove(example(relabelled), (SECRET, EXAMPLE_KEY), {})
    with pytest.raises(Refused):
        SCHEME.prove(example("v1," + EXAMPLE_V1A.partition(",")[2]), (SECRET, EXAMPLE_KEY), {})
    # Were the public key taken for a shared secret, anybody could sign.
    forged = Webhook(EXAMPLE_KEY.removeprefix("whpk_")).sign(
        EXAMPLE_ID, datetime.fromtimestamp(EXAMPLE_AT, UTC), EXAMPLE_BODY
    )
    with pytest.raises(Refused):
        SCHEME.prove(example(forged), (EXAMPLE_KEY,), {})


@pytest.mark.parametrize(
    ("delivery", "reason"),
    [
        (example(EXAMPLE_V1, id=""), "webhook-id is empty or has a dot"),
        (example(EXAMPLE_V1, id="msg.1"), "webhook-id is empty or has a dot"),
        (example(EXAMPLE_V1, timestamp="2021-02-25T15:02:10Z"), "not in seconds"),
        (example(EXAMPLE_V1, timestamp=str(EXAMPLE_AT + 1)), "none of the channel's secrets"),
        (example(EXAMPLE_V1, id="msg_other"), "none of the channel's secrets"),
        (example(""), "0 signatures of the versions v1 and v1a"),
        (example("v1,"), "none of the channel's secrets"),
        (example("v2,Ceo5"), "0 signatures of the versions v1 and v1a"),
        (example(" ".join([EXAMPLE_V1] * 17)), "17 signatures"),
    ],
)
def test_odd_headers_are_refused(delivery: Delivery, reason: str) -> None:
    """Missing, changed and flooding headers are Refused."""
    with pytest.raises(Refused, match=reason):
        SCHEME.prove(delivery, (SECRET,), {})


@pytest.mark.parametrize("late_s", [-301, 301])
def test_it_has_to_be_fresh(late_s: int) -> None:
    """Five minutes either way, unless the channel says otherwise."""
    genuine = example(EXAMPLE_V1)
    moved = replace(genuine, arrived_at=genuine.arrived_at + timedelta(seconds=late_s))
    with pytest.raises(Refused, match="signed 301 s"):
        SCHEME.prove(moved, (SECRET,), {})
    assert StandardWebhooks(tolerance_s=301).prove(moved, (SECRET,), {}) == 0


@pytest.mark.parametrize(
    ("secret", "flaw"),
    [
        (SECRET, ""),
        (EXAMPLE_KEY, ""),
        ("whsec_hush hush", "is not base64"),
        ("whsec_", "is not base64"),
        ("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=", "is the sender's private key"),
        ("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "it has 24 bytes instead of 32"),
        ("schlüssel", "is not base64"),
    ],
)
def test_unfit_secrets_are_found(secret: str, flaw: str) -> None:
    """A secret that is written wrongly is told apart from one that is fit, and is not shown."""
    found = SCHEME.flaw(secret)
    assert flaw in found
    assert bool(found) == bool(flaw)
    assert "hush" not in found
    assert "VEVT" not in found


def test_unfit_secrets_fit_nothing() -> None:
    """A secret that was exchanged for a bad one while we run proves nothing, and breaks nothing."""
    with pytest.raises(Refused):
        SCHEME.prove(example(EXAMPLE_V1A), ("whpk_AAAA", "whsec_!", "whsec_"), {})
