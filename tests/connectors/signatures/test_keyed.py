"""The body's HMAC in a header."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.keyed import Hmac

SCHEME = Hmac(header="X-Sig")
BODY = b'{"a": 1}'
# RFC 4231, test case 2: an independent value for the algorithm itself.
RFC_SECRET, RFC_BODY = "Jefe", b"what do ya want for nothing?"
RFC_DIGEST = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def delivery(*signatures: str, body: bytes = BODY) -> Delivery:
    """Return a delivery with these signature headers."""
    headers = Headers([("x-sig", signature) for signature in signatures])
    return Delivery("tickets", headers, body, datetime(2026, 11, 23, tzinfo=UTC))


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
        (signed("s") + "0",),
        ("sha1=" + signed("s"),),
        ("ü" * 64,),
        (f"{signed('s')},{signed('s')}",),
    ],
)
def test_anything_else_is_refused(signatures: tuple[str, ...]) -> None:
    """No header, two, another's, a shortened one, another scheme and nonsense are all Refused alike."""
    with pytest.raises(Refused) as refused:
        SCHEME.prove(delivery(*signatures), ("s",), {})
    assert refused.value.told == "The signature is missing or wrong."
