"""An HMAC in a header, in each sender's own way."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.keyed import GitHub, Hmac, HubSpot, Shopify, Slack, Typeform, Zendesk
from connectors.signatures.scheme import Scheme
from tests.connectors.signing import sign

SCHEME = Hmac(header="X-Sig")
BODY = b'{"a": 1}'
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
# RFC 4231, test case 2: an independent value for the algorithm itself.
RFC_SECRET, RFC_BODY = "Jefe", b"what do ya want for nothing?"
RFC_DIGEST = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def delivery(*signatures: str, body: bytes = BODY, at: datetime = NOW, **headers: str) -> Delivery:
    """Return a delivery with these signature headers."""
    pairs = [("x-sig", signature) for signature in signatures]
    pairs += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Delivery("tickets", Headers(pairs), body, at, url="https://bridge.example.com/channels/tickets")


def signed(secret: str) -> str:
    """Return the body's signature."""
    return hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()


def test_a_published_example_passes() -> None:
    """The RFC's own example fits."""
    assert SCHEME.prove(delivery(RFC_DIGEST, body=RFC_BODY), (RFC_SECRET,), {}) == 0


@pytest.mark.parametrize("form", ["{}", "sha256={}", "SHA256={}", "  {}  "])
def test_the_header_has_several_forms(form: str) -> None:
    """The digest may stand alone or behind its name, in either case."""
    assert SCHEME.prove(delivery(form.format(signed("s").upper())), ("s",), {}) == 0


def test_it_says_which_secret_fitted() -> None:
    """Of several secrets the first that fits is named."""
    assert SCHEME.prove(delivery(signed("old")), ("new", "old", "old"), {}) == 1


@pytest.mark.parametrize(
    "signatures",
    [
        (),
        ("",),
        (signed("s"), signed("s")),
        (signed("other"),),
        (signed("s")[:-1],),
        (signed("s")[:-2],),
        (signed("s") + "00",),
        ("sha1=" + signed("s"),),
        ("ü" * 64,),
        (f"{signed('s')},{signed('s')}",),
        ("sha256=" * 2 + signed("s"),),
    ],
)
def test_anything_else_is_refused(signatures: tuple[str, ...]) -> None:
    """No header, two, another's, a shortened one, another scheme and nonsense are all Refused alike."""
    with pytest.raises(Refused) as refused:
        SCHEME.prove(delivery(*signatures), ("s",), {})
    assert refused.value.told == "The signature is missing or wrong."


def test_a_prefix_that_is_named_has_to_stand_there() -> None:
    """Without the prefix it is another scheme's signature."""
    scheme = Hmac(header="X-Sig", prefix="v9=")
    assert scheme.prove(delivery("v9=" + signed("s")), ("s",), {}) == 0
    with pytest.raises(Refused, match="X-Sig does not begin with v9="):
        scheme.prove(delivery(signed("s")), ("s",), {})


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize(
    "signed_content", ["{body}", "{timestamp}.{body}", "v0|{method}|{url}|{timestamp}|{body}|end"]
)
def test_every_way_of_signing_can_be_told(digest: str, encoding: str, signed_content: str) -> None:
    """Digest, encoding and what is signed are free to combine."""
    options: dict[str, Any] = {"digest": digest, "encoding": encoding, "signed": signed_content}
    if "{timestamp}" in signed_content:
        options["timestamp_header"] = "X-Time"
    scheme = Hmac.model_validate(options)
    genuine = sign({"scheme": "hmac", **options}, delivery(), "s")
    assert scheme.prove(genuine, ("other", "s"), {}) == 1
    with pytest.raises(Refused):
        scheme.prove(sign({"scheme": "hmac", **options, "digest": "md5"}, delivery(), "s"), ("s",), {})


def test_an_empty_time_is_not_fresh() -> None:
    """A time header without a time is Refused, though the signature may fit."""
    scheme = Hmac(header="X-Sig", timestamp_header="X-Time", signed="{timestamp}{body}")
    with pytest.raises(Refused, match="neither seconds since 1970 nor ISO 8601"):
        scheme.prove(delivery(signed("s"), X_Time=""), ("s",), {})


@pytest.mark.parametrize(
    ("encoding", "secret", "unfit"),
    [("hex", "4a656665", "Jefe"), ("base64", "SmVmZQ==", "SmVmZQ"), ("text", "Jefe", "\ud800")],
)
def test_secrets_may_be_written_in_hex_or_base64(encoding: str, secret: str, unfit: str) -> None:
    """The key is what the secret stands for; one that is written wrongly is a flaw, and fits nothing."""
    scheme = Hmac.model_validate({"header": "X-Sig", "secret_encoding": encoding})
    assert scheme.prove(delivery(RFC_DIGEST, body=RFC_BODY), (secret,), {}) == 0
    assert scheme.flaw(secret) == ""
    assert scheme.flaw(unfit) == f"is not {encoding}"
    with pytest.raises(Refused):
        scheme.prove(delivery(RFC_DIGEST, body=RFC_BODY), (unfit,), {})


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"signed": "{timestamp}", "timestamp_header": "X"}, "no {body}, so anybody could change it"),
        ({"signed": "{body}{id}"}, "`signed` has {id}, but there is: {body}, {method}, {timestamp}, {url}"),
        ({"signed": "{timestamp}{body}"}, "are of use only together"),
        ({"timestamp_header": "X"}, "are of use only together"),
        ({"digest": "md5"}, "digest"),
        ({"encoding": "base32"}, "encoding"),
        ({"tolerance_s": 0}, "tolerance_s"),
        ({"header": "X Sig"}, "header"),
    ],
)
def test_settings_that_prove_nothing_are_found(options: dict[str, Any], complaint: str) -> None:
    """What would leave something unproved cannot be set."""
    with pytest.raises(ValidationError) as error:
        Hmac.model_validate(options)
    assert complaint in str(error.value)


@pytest.mark.parametrize("encoding", ["text", "hex", "base64"])
def test_an_empty_secret_fits_nothing(encoding: str) -> None:
    """A secret's file may be empty for a moment: nobody may sign with nothing then."""
    scheme = Hmac.model_validate({"header": "X-Sig", "secret_encoding": encoding})
    with pytest.raises(Refused, match="none of the channel's secrets"):
        scheme.prove(delivery(signed("")), ("",), {})


# GitHub Docs, "Validating webhook deliveries", section "Testing the webhook payload validation".
def test_githubs_example_passes() -> None:
    """The value that GitHub publishes fits."""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    found = delivery(body=b"Hello, World!", X_Hub_Signature_256=signature)
    assert GitHub().prove(found, ("It's a Secret to Everybody",), {}) == 0


# Slack developer docs, "Verifying requests from Slack", the step-by-step example.
def test_slacks_example_passes() -> None:
    """The value that Slack publishes fits at its time, and is too old five minutes later."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "X_Slack_Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "X_Slack_Request_Timestamp": "1531420618",
    }
    secrets = ("8f742231b10e8888abcd99yyyzzz85a5",)
    on_time = delivery(body=body, at=datetime.fromtimestamp(1531420618 + 300, UTC), **headers)
    assert Slack().prove(on_time, secrets, {}) == 0
    late = delivery(body=body, at=datetime.fromtimestamp(1531420618 + 301, UTC), **headers)
    with pytest.raises(Refused, match="signed 301 s ago"):
        Slack().prove(late, secrets, {})
    assert Slack(tolerance_s=301).prove(late, secrets, {}) == 0


@pytest.mark.parametrize("scheme", [GitHub(), HubSpot(), Shopify(), Slack(), Typeform(), Zendesk()])
def test_each_named_sender_is_proved(scheme: Scheme) -> None:
    """What its owner's SDK, or code of the tests' own, signs as the documentation says, is genuine."""
    assert scheme.prove(sign(scheme.name, delivery(), "new"), ("old", "new"), {}) == 1
