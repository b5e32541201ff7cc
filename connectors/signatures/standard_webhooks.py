"""Standard Webhooks: a convention many senders share, with HMAC (v1) or Ed25519 (v1a)."""

import base64
from collections.abc import Sequence
from typing import ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connectors.base import Delivery, Evidence
from connectors.signatures.freshness import TOLERANCE_S, Tolerance, check_fresh, seconds
from connectors.signatures.mac import fits
from connectors.signatures.reading import header
from connectors.signatures.scheme import Scheme, first, refused

_KEY: Final = "whsec_"
_PUBLIC_KEY: Final = "whpk_"
_PRIVATE_KEY: Final = "whsk_"
_ED25519_BYTES: Final = 32
# More than anybody signs with at once; each costs a computation before anything is proved.
_MAX_SIGNATURES: Final = 16

#: The versions of signatures and their bytes.
_Given = Sequence[tuple[str, bytes]]


class StandardWebhooks(Scheme):
    """The specification "Standard Webhooks", section "Signature scheme"; Svix's own names of the headers too.

    A secret that begins with `whpk_` is a public key, for signatures of version v1a; any other is in base64,
    with or without `whsec_` before it, for those of version v1.
    """

    name: ClassVar[str] = "standard-webhooks"

    #: Seconds that its time and our clock may lie apart.
    tolerance_s: Tolerance = TOLERANCE_S

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        family = "svix" if "webhook-signature" not in delivery.headers else "webhook"
        identifier = header(delivery, f"{family}-id")
        timestamp = header(delivery, f"{family}-timestamp")
        if not identifier or "." in identifier:
            # The specification warns of the dot: it lets text wander between the parts that are signed.
            raise refused(f"{family}-id is empty or has a dot in it")
        if not timestamp.isdigit():
            raise refused(f"{family}-timestamp is not in seconds since 1970")
        given = _signatures(header(delivery, f"{family}-signature"))
        content = f"{identifier}.{timestamp}.".encode() + delivery.body
        fitting = first(_fits(secret, content, given) for secret in secrets)
        check_fresh(seconds(timestamp), delivery, self.tolerance_s)
        return fitting

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        if secret.startswith(_PRIVATE_KEY):
            return f"is the sender's private key; take the public one, which begins with {_PUBLIC_KEY}"
        key = _key(secret)
        if key is None:
            return f"is not base64, with or without {_KEY} or {_PUBLIC_KEY} before it"
        if secret.startswith(_PUBLIC_KEY) and len(key) != _ED25519_BYTES:
            return f"is no Ed25519 public key: it has {len(key)} bytes instead of {_ED25519_BYTES}"
        return ""


def _signatures(value: str) -> _Given:
    found = []
    for part in value.split(" "):
        version, _, encoded = part.partition(",")
        key = _base64(encoded)
        if version in ("v1", "v1a") and key is not None:
            found.append((version, key))
    if not 0 < len(found) <= _MAX_SIGNATURES:
        raise refused(f"{len(found)} signatures of the versions v1 and v1a instead of 1 to {_MAX_SIGNATURES}")
    return found


def _fits(secret: str, content: bytes, given: _Given) -> bool:
    key = _key(secret)
    if key is None:
        return False
    if secret.startswith(_PUBLIC_KEY):
        return any(_is_signed(key, content, each) for version, each in given if version == "v1a")
    return fits(key, content, [each for version, each in given if version == "v1"])


def _is_signed(key: bytes, content: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _key(secret: str) -> bytes | None:
    encoded = secret.removeprefix(_PUBLIC_KEY if secret.startswith(_PUBLIC_KEY) else _KEY)
    # Padding may be left out, as the owner's libraries allow it.
    return _base64(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)) or None


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None
