"""Twilio, by its documentation's example and its owner's SDK."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.twilio import Twilio
from tests.connectors.signing import sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
JSON = ("Content-Type", "application/json")
# Twilio Docs, "Webhooks security", and twilio-python, tests/unit/test_request_validator.py.
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TOKEN = "12345"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_URL = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


def delivery(
    signature: str, url: str = URL, body: bytes | None = None, kind: tuple[str, str] = FORM, **more: str
) -> Delivery:
    """Return the example with this signature."""
    pairs = [kind, ("X-Twilio-Signature", signature), *((k.replace("_", "-"), v) for k, v in more.items())]
    found = urlencode(FIELDS).encode() if body is None else body
    return Delivery("c", Headers(pairs), found, NOW, url=url)


def proved(found: Delivery) -> int | None:
    """Prove with the example's token as the second secret."""
    return Twilio().prove(found, ("other", TOKEN), {})


def test_the_published_form_passes() -> None:
    """URL and sorted fields, as in Twilio's example."""
    assert proved(delivery(SIGNATURE)) == 1


def test_the_published_json_passes() -> None:
    """The body is tied to the URL by its hash."""
    assert proved(delivery(JSON_SIGNATURE, JSON_URL, JSON_BODY, JSON)) == 1


@pytest.mark.parametrize("port", ["", ":443", ":8443"])
def test_the_port_may_be_written_or_not(port: str) -> None:
    """Twilio signs with the port or without; the URL we know may have it or not."""
    bare = URL.replace(".com", ".com" + port)
    for signed_url in (URL, bare if port else URL.replace(".com", ".com:443")):
        signature = RequestValidator(TOKEN).compute_signature(signed_url, FIELDS)
        assert proved(delivery(signature, bare)) == 1
    other = RequestValidator(TOKEN).compute_signature(URL.replace(".com", ".com:9999"), FIELDS)
    with pytest.raises(Refused):
        proved(delivery(other, bare))


def test_plain_http_has_its_own_port() -> None:
    """Port 80 is http's."""
    url = URL.replace("https:", "http:")
    signature = RequestValidator(TOKEN).compute_signature(url.replace(".com", ".com:80"), FIELDS)
    assert proved(delivery(signature, url)) == 1


def test_repeated_empty_and_foreign_fields_are_signed_as_twilio_does() -> None:
    """Fields that stand twice count once for each value; empty ones count; text is UTF-8."""
    body = urlencode([("B", "2"), ("a", "ä😀"), ("B", "1"), ("B", "2"), ("Empty", "")]).encode()
    found = Delivery("c", Headers([FORM]), body, NOW, url=URL)
    assert proved(sign("twilio", found, TOKEN)) == 1


def test_a_get_is_proved_by_its_url() -> None:
    """Status callbacks by GET carry everything in the query."""
    found = Delivery("c", Headers(), b"", NOW, method="GET", url=f"{URL}&MessageSid=SM1")
    assert proved(sign("twilio", found, TOKEN)) == 1


def test_newer_keys_sign_with_sha256() -> None:
    """The settings header names the algorithm, as in twilio-python's get_signature_algorithm."""
    signature = RequestValidator(TOKEN).compute_signature(URL, FIELDS, "HMAC_SHA256")
    settings = {"X_Twilio_Webhooks_Signature_Settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    assert proved(delivery(signature, **settings)) == 1
    with pytest.raises(Refused, match="none of the channel's secrets"):
        proved(delivery(signature))
    for odd in ("algorithm=HMAC_MD5", "key=1", "algorithm=HMAC_SHA1,algorithm=HMAC_SHA256"):
        with pytest.raises(Refused):
            proved(delivery(signature, X_Twilio_Webhooks_Signature_Settings=odd))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (delivery(SIGNATURE, body=b"CallSid=other"), "none of the channel's secrets"),
        (delivery(SIGNATURE, URL + "&baz=3"), "none of the channel's secrets"),
        (delivery(SIGNATURE, URL.replace("https", "http")), "none of the channel's secrets"),
        (delivery("nonsense!"), "holds no base64"),
        (delivery(SIGNATURE, url="mailto:x@y"), "neither http nor https"),
        (delivery(SIGNATURE, url="https://[::1/"), "the URL cannot be read"),
        (delivery(SIGNATURE, url="https://h:port/"), "the URL cannot be read"),
        (delivery(SIGNATURE, body=b"a=%ff"), "the form is not UTF-8"),
        (delivery(JSON_SIGNATURE, JSON_URL, JSON_BODY + b" ", JSON), "bodySHA256 is not the body's"),
        (delivery(JSON_SIGNATURE, JSON_URL + "&bodySHA256=0", JSON_BODY, JSON), "2 fields bodySHA256"),
        (delivery(SIGNATURE, URL, JSON_BODY, JSON), "neither a form nor named by bodySHA256"),
    ],
)
def test_anything_else_is_refused(found: Delivery, reason: str) -> None:
    """What was changed, or cannot be read, is Refused."""
    with pytest.raises(Refused, match=reason):
        proved(found)


def test_a_signature_of_json_is_not_one_of_a_form() -> None:
    """Whoever caught a JSON delivery cannot send another body under another Content-Type."""
    caught = delivery(JSON_SIGNATURE, JSON_URL, JSON_BODY, JSON)
    headers = Headers([FORM, ("X-Twilio-Signature", JSON_SIGNATURE)])
    for body in (b"", b"a=1"):
        with pytest.raises(Refused, match="bodySHA256 is not the body's"):
            proved(replace(caught, body=body, headers=headers))


def test_the_hash_may_be_written_in_capitals() -> None:
    """Hex is hex."""
    url = f"{URL}&bodySHA256={hashlib.sha256(JSON_BODY).hexdigest().upper()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    assert proved(delivery(signature, url, JSON_BODY, JSON)) == 1
