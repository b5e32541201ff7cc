"""Ports of the console: what a person who looks needs of the store beyond what everybody does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from worker.arrivals import Arrival
from worker.lanes import Seen
from worker.pace import Pace


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane with something to do."""

    external_id: str
    #: When somebody looks at it next; in the past where somebody should have.
    due: datetime
    #: By which channel its head came, empty where that cannot be read.
    channel: str
    #: How many commands wait in it.
    commands: int


class Search(Protocol):
    """Ways to a conversation, and counts by channel."""

    async def recent(self, service: str, *, limit: int) -> tuple[str, ...]:
        """Return the external ids of which anything was heard last, newest first."""

    async def led_to(self, service: str, clue: str) -> tuple[str, ...]:
        """Return the external ids to which a clue leads, newest first; see `worker.clues`."""

    async def key_seen(self, service: str, key: str) -> Seen | None:
        """Return what was said under an idempotency key in whichever conversation, within its window."""

    async def waiting(self, service: str, *, limit: int) -> tuple[Waiting, ...]:
        """Return lanes with something to do, the one that has been due for longest first."""

    async def paces(self, service: str) -> Mapping[str, Pace]:
        """Return how much was counted of each channel; of the hundred last ones in each partition."""


class Arrivals(Protocol):
    """What came by each channel lately."""

    async def put_arrivals(self, channel: str, arrivals: Sequence[Arrival]) -> None:
        """Remember deliveries, oldest first; the oldest of a channel make room."""

    async def arrivals(self, channel: str, *, limit: int) -> tuple[Arrival, ...]:
        """Return the last deliveries of a channel, newest first."""


class Pulses(Protocol):
    """Signs of life."""

    async def sign(self, process: str, *, now: datetime) -> None:
        """Say that a process is there."""

    async def signs(self) -> Mapping[str, datetime]:
        """Return when each process of the last day last said so."""
