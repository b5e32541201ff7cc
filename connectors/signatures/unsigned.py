"""Unsigned: no proof at all, which a channel has to ask for by name."""

from collections.abc import Sequence
from typing import ClassVar

from connectors.base import Delivery, Evidence
from connectors.signatures.scheme import Scheme


class Unsigned(Scheme):
    """Takes whatever anybody sends."""

    name: ClassVar[str] = "none"
    needs_secrets: ClassVar[bool] = False

    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:  # noqa: ARG002 - nothing is looked at
        """See `Scheme.prove`."""
        return None
