"""Meta and Genesys."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.hub import Genesys, Meta
from tests.connectors.signing import sign

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BODY = b'{"messages": []}'
ASKED = "https://h/c?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="


def delivery(*pairs: tuple[str, str]) -> Delivery:
    """Return a delivery with these headers."""
    return Delivery("c", Headers(pairs), BODY, NOW, url="https://h/c")


def asked(url: str, body: bytes = b"") -> Delivery:
    """Return a verification request."""
    return Delivery("c", Headers(), body, NOW, method="GET", url=url)


def digest(name: str, encoding: str) -> str:
    """Return the body's signature as Genesys may write it."""
    raw = hmac.new(b"s", BODY, getattr(hashlib, name)).digest()
    return f"{name}={raw.hex() if encoding == 'hex' else base64.b64encode(raw).decode()}"


def test_metas_payloads_are_proved() -> None:
    """The header is the body's HMAC with the app's secret."""
    genuine = sign("meta", delivery(), "s")
    assert Meta().prove(genuine, ("other", "s"), {}) == 1
    with pytest.raises(Refused):
        Meta().prove(replace(genuine, body=BODY + b" "), ("s",), {})


def test_metas_verification_request_is_proved_by_its_token() -> None:
    """A GET brings one of the secrets."""
    assert Meta().prove(asked(ASKED + "s%26"), ("other", "s&"), {}) == 1
    assert Meta().prove(sign("meta", asked("https://h/c"), "s"), ("s",), {}) == 0


@pytest.mark.parametrize(
    "found",
    [
        asked(ASKED + "wrong"),
        asked(ASKED),
        asked(ASKED + "s&hub.verify_token=s"),
        asked("https://h/c?hub.verify_token=s"),
        asked("https://h/c?hub.mode=unsubscribe&hub.verify_token=s"),
        asked(ASKED + "s", body=b"{}"),
        replace(asked(ASKED + "s"), method="POST", body=BODY),
    ],
)
def test_other_verification_requests_are_refused(found: Delivery) -> None:
    """Wrong and doubled tokens, another mode, a body, and a POST that brings only a token are Refused."""
    with pytest.raises(Refused):
        Meta().prove(found, ("s",), {})


@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize(
    ("header", "name"),
    [("X-Hub-Signature", "sha1"), ("X-Hub-Signature", "sha256"), ("X-Hub-Signature-256", "sha256")],
)
def test_genesys_signs_in_several_ways(header: str, name: str, encoding: str) -> None:
    """Both products' headers, both digests and both ways of writing are taken."""
    assert Genesys().prove(delivery((header, digest(name, encoding))), ("other", "s"), {}) == 1


def test_sha1_can_be_switched_off() -> None:
    """A channel may insist on SHA-256."""
    strict = Genesys(sha1=False)
    assert strict.prove(delivery(("X-Hub-Signature", digest("sha256", "hex"))), ("s",), {}) == 0
    with pytest.raises(Refused, match="not made with a digest that is taken"):
        strict.prove(delivery(("X-Hub-Signature", digest("sha1", "hex"))), ("s",), {})


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("X-Hub-Signature", digest("sha1", "hex").removeprefix("sha1="))],
        [("X-Hub-Signature", digest("md5", "hex"))],
        [("X-Hub-Signature", digest("sha1", "hex").replace("sha1", "sha256"))],
        [("X-Hub-Signature", digest("sha1", "hex")[:-1] + "g")],
        [("X-Hub-Signature-256", digest("sha1", "hex"))],
        [("X-Hub-Signature", digest("sha1", "hex"))] * 2,
        # The stronger one decides where both are there.
        [("X-Hub-Signature", digest("sha1", "hex")), ("X-Hub-Signature-256", "sha256=" + "0" * 64)],
    ],
)
def test_other_signatures_are_refused(pairs: list[tuple[str, str]]) -> None:
    """Missing, mislabelled, weaker and doubled signatures are Refused."""
    with pytest.raises(Refused):
        Genesys().prove(delivery(*pairs), ("s",), {})
