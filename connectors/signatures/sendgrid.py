"""SendGrid: signs its events with a private key, so that our secret is a public one."""

import base64
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from connectors.base import Delivery, Evidence
from connectors.signatures.freshness import TOLERANCE_S, Tolerance, check_fresh, seconds
from connectors.signatures.reading import from_base64, header
from connectors.signatures.scheme import Scheme, first

_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"


class SendGrid(Scheme):
    """Twilio SendGrid docs, "Getting started with the Event Webhook security features".

    ECDSA with SHA-256 over the time and the body. A secret is the verification key of the settings page.
    """

    name: ClassVar[str] = "sendgrid"

    #: Seconds that its time and our clock may lie apart.
    tolerance_s: Tolerance = TOLERANCE_S

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed but the secret
        """See `Scheme.prove`."""
        given = from_base64(header(delivery, _SIGNATURE), _SIGNATURE)
        timestamp = header(delivery, _TIMESTAMP)
        content = timestamp.encode() + delivery.body
        fitting = first(_is_signed(secret, content, given) for secret in secrets)
        check_fresh(seconds(timestamp), delivery, self.tolerance_s)
        return fitting

    def flaw(self, secret: str) -> str:
        """See `Scheme.flaw`."""
        return "" if _key(secret) else "is no ECDSA public key, in base64 or PEM"


def _is_signed(secret: str, content: bytes, signature: bytes) -> bool:
    key = _key(secret)
    if key is None:
        return False
    try:
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _key(secret: str) -> ec.EllipticCurvePublicKey | None:
    try:
        if "-----BEGIN" in secret:
            key = load_pem_public_key(secret.encode())
        else:
            key = load_der_public_key(base64.b64decode(secret, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None
