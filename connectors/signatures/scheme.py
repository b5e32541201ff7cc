"""Scheme: one way to prove exact bytes genuine, as a value whose fields are what a channel may set."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from connectors.base import Delivery, Evidence, Refused
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

    def conceal(self, delivery: Delivery) -> Delivery:
        """Return a proved delivery as it may be kept: without the secret, where that was sent along."""
        return delivery

    def flaw(self, secret: str) -> str:
        """Return what makes a secret unfit, in words that do not show it; nothing where it is fit.

        Asked as settings are loaded. A secret that becomes unfit later fits no delivery.
        """
        return "is not text" if octets(secret) is None else ""


def refused(reason: str) -> Refused:
    """Return the refusal of a proof that does not hold; the reason is for our log."""
    return Refused(reason, told=TOLD)


def first(fits: Iterable[bool]) -> int:
    """Return which secret fits first, after all were compared. Raises Refused where none does."""
    fitting = [index for index, fit in enumerate(fits) if fit]
    if not fitting:
        raise refused("the signature fits none of the channel's secrets")
    return fitting[0]


def octets(secret: str) -> bytes | None:
    """Return a secret's bytes, those of an environment that is not UTF-8 too; None where there are none.

    A file that is empty while somebody exchanges the secret in it must not become a key that everybody knows.
    """
    try:
        return secret.encode("utf-8", "surrogateescape") or None
    except UnicodeEncodeError:
        return None
