"""Prover: a channel's scheme with the channel's secrets, ready to prove deliveries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from connectors.base import Delivery, Evidence, Verified
from connectors.signatures.scheme import Scheme

#: Returns a channel's secrets as they are now: they may be rotated while we run.
Secrets = Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves one channel's deliveries."""

    scheme: Scheme
    secrets: Secrets = field(repr=False)
    evidence: Evidence = field(repr=False)

    def verify(self, delivery: Delivery) -> Verified:
        """Prove the exact bytes genuine, or raise Refused or EvidenceNeeded."""
        fitting = self.scheme.prove(delivery, self.secrets(), self.evidence)
        return Verified(self.scheme.conceal(delivery), self.scheme.name, fitting)
