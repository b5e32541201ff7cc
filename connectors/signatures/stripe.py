"""Stripe: the time and one or more signatures together in one header."""

from collections.abc import Sequence
from typing import ClassVar

from connectors.base import Delivery, Evidence
from connectors.signatures.freshness import TOLERANCE_S, Tolerance, check_fresh, seconds
from connectors.signatures.mac import fits
from connectors.signatures.reading import from_hex, header, only
from connectors.signatures.scheme import Scheme, first, octets, refused

_HEADER = "Stripe-Signature"


class Stripe(Scheme):
    """Stripe documentation, "Verify webhook signatures manually"; only its scheme `v1` counts."""

    name: ClassVar[str] = "stripe"

    #: Seconds that its time and our clock may lie apart.
    tolerance_s: Tolerance = TOLERANCE_S

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing public is needed
        """See `Scheme.prove`."""
        pairs = [_pair(part) for part in header(delivery, _HEADER).split(",")]
        timestamp = only(pairs, "t")
        given = [from_hex(value, _HEADER) for name, value in pairs if name == "v1"]
        if not given:
            raise refused(f"{_HEADER} has no signature of the scheme v1")
        content = timestamp.encode() + b"." + delivery.body
        fitting = first(fits(octets(secret), content, given) for secret in secrets)
        check_fresh(seconds(timestamp), delivery, self.tolerance_s)
        return fitting


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip()
