"""Copies: what a batch wrote counts once so many replicas have it.

Redis copies to its replicas after it has answered, so a failover forgets what was answered last. With WAIT
behind each batch, on its own connection, nothing is answered for before it was copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.errors import StoreUnavailable
from worker.store.packing import packed


@dataclass(frozen=True, slots=True)
class Copies:
    """How many replicas must have a batch, and for how long the whole exchange may take."""

    replicas: int
    timeout_s: float

    def asked(self, key: str) -> list[bytes]:
        """Return what is sent behind a batch; nothing where no replica is waited for.

        WAIT looks at what its own connection wrote. A batch of repetitions writes nothing, while what they
        repeat may still be on its way to the replicas: so each batch writes a mark, in the slot of its key.
        """
        if not self.replicas:
            return []
        patience_ms = int(self.timeout_s * 1000 / 3)  # a server that must be taught a script is asked twice
        return [packed("SET", mark_beside(key), "1"), packed("WAIT", self.replicas, patience_ms)]

    def check(self, answers: Sequence[Any]) -> None:
        """Hold what the server answered against what is wanted.

        Raises StoreUnavailable, or the server's own error.
        """
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        if answers and answers[-1] < self.replicas:
            raise StoreUnavailable(
                f"the store answers, but {answers[-1]} of {self.replicas} replicas have what it was told "
                "(store.replicas): what is on one machine only does not count"
            )


def mark_beside(key: str) -> str:
    """Return the key of the mark that stands in the same slot as a key."""
    return key.partition("}")[0] + "}:copied" if "{" in key else "bridge:copied"
