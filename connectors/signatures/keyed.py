"""Keyed: the body's HMAC in a header, which is what most senders do."""

import hmac
import re
from collections.abc import Sequence
from typing import ClassVar

from connectors.base import Delivery, Evidence, Refused
from connectors.headers import HeaderName
from connectors.signatures.scheme import TOLD, Scheme

_HEX_SHA256 = re.compile(r"(?:sha256=)?([0-9a-f]{64})", re.IGNORECASE)


class Hmac(Scheme):
    """The HMAC-SHA256 of the body in hex, with or without `sha256=` before it."""

    name: ClassVar[str] = "hmac"

    #: The header it stands in.
    header: HeaderName = "X-Signature-256"

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        given = _hex_digest(delivery, self.header)
        fitting = None
        for index, secret in enumerate(secrets):
            expected = hmac.digest(secret.encode(), delivery.body, "sha256")
            if hmac.compare_digest(expected, given) and fitting is None:
                fitting = index
        if fitting is None:
            raise Refused("the signature fits none of the channel's secrets", told=TOLD)
        return fitting


def _hex_digest(delivery: Delivery, header: str) -> bytes:
    values = delivery.headers.all(header)
    if len(values) != 1:
        raise Refused(f"{len(values)} {header} headers instead of one", told=TOLD)
    found = _HEX_SHA256.fullmatch(values[0].strip())
    if found is None:
        raise Refused(f"{header} holds no SHA-256 in hex", told=TOLD)
    return bytes.fromhex(found[1])
