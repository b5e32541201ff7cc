"""Ports of what is told: see `worker.ports`."""

from collections.abc import Sequence
from typing import Protocol

from worker.lanes import Partition
from worker.notices import Notice


class Outbox(Protocol):
    """Notices, written by the very verbs that make them true, until they were passed on."""

    async def untold(self, partition: Partition, *, limit: int) -> tuple[tuple[str, Notice], ...]:
        """Return the oldest notices of a partition, each with its place in the outbox.

        One that a newer bridge wrote ends the page: it is left to a relay that can read it.
        """

    async def told(self, partition: Partition, places: Sequence[str]) -> None:
        """Take notices out of the outbox; those that are gone already are no mistake."""
