"""Scheme: one way to prove exact bytes genuine, as a value whose fields are what a channel may set."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from connectors.base import Delivery, Evidence
from worker.frozen import Frozen

#: What a sender is told whose proof does not hold, whatever is wrong with it: whoever guesses is not helped.
TOLD = "The signature is missing or wrong."


class Scheme(Frozen):
    """A way to sign. Its fields are the options of `verify = { scheme = "…", … }`.

    Freshness is measured against `delivery.arrived_at`, so nothing here asks the time. Comparisons take the
    same time whatever they find.
    """

    #: What a channel calls it.
    name: ClassVar[str]
    #: Whether it rests on the channel's secrets, so that a channel without any is a mistake.
    needs_secrets: ClassVar[bool] = True

    @abstractmethod
    def prove(self, delivery: Delivery, secrets: Sequence[str], evidence: Evidence) -> int | None:
        """Return which of the secrets fits, counted from 0; None where there is none to fit.

        Several secrets are normal: one is being rotated out.

        Raises:
            Refused: the delivery is not genuine, or too old, or from the future.
            EvidenceNeeded: the proof rests on a document that is not in `evidence` yet.
        """
