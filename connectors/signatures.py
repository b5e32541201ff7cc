"""Signatures: proofs over the exact bytes, one function for each scheme.

A scheme takes the delivery, the channel's secrets and its own options, and returns which secret fitted; it
raises Refused otherwise. Several secrets are normal: one is being rotated out. Comparisons take the same time
whatever they find.
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Delivery, Refused

_HEX_SHA256 = re.compile(r"(?:sha256=)?([0-9a-f]{64})", re.IGNORECASE)
_TOLD = "The signature is missing or wrong."


@dataclass(frozen=True, slots=True)
class HeaderSignature:
    """Options of schemes that put the bare signature into a header."""

    header: str


def hmac_sha256(delivery: Delivery, secrets: Sequence[str], options: HeaderSignature) -> int:
    """Prove the body by its HMAC-SHA256 in hex, with or without `sha256=` before it."""
    given = _hex_digest(delivery, options.header)
    fitting = None
    for index, secret in enumerate(secrets):
        expected = hmac.digest(secret.encode(), delivery.body, "sha256")
        if hmac.compare_digest(expected, given) and fitting is None:
            fitting = index
    if fitting is None:
        raise Refused("the signature fits none of the channel's secrets", told=_TOLD)
    return fitting


def _hex_digest(delivery: Delivery, header: str) -> bytes:
    values = delivery.headers.all(header)
    if len(values) != 1:
        raise Refused(f"{len(values)} {header} headers instead of one", told=_TOLD)
    found = _HEX_SHA256.fullmatch(values[0].strip())
    if found is None:
        raise Refused(f"{header} holds no SHA-256 in hex", told=_TOLD)
    return bytes.fromhex(found[1])
