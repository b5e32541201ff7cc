"""Prune: throws away what was kept for long enough and does not end by itself.

Most of the store does: idempotency keys after their window, what is over after its retention, tokens with
their use, counts by folding. What needs a hand is here, and nothing of it goes in silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from worker.events import LetterDiscarded
from worker.lanes import Entry
from worker.letters import LetterHead
from worker.ports import Clock, Ids, Letters, Listener
from worker.upkeep_events import Pruned
from worker.upkeep_settings import RetentionSettings

#: Letters read by one round trip, and looked at by one run in each service.
_PAGE: Final = 100
_LETTERS_AT_MOST: Final = 2000


class Shelves(Letters, Protocol):
    """What pruning needs of the store."""

    async def forget_notes(self, service: str, channel: str, *, before: datetime) -> int:
        """See `worker.ports.Threads.forget_notes`."""


@dataclass(frozen=True, slots=True)
class Pruner:
    """Prunes one service."""

    shelves: Shelves
    retention: RetentionSettings
    clock: Clock
    ids: Ids
    listen: Listener

    async def prune(self, service: str, channels: Sequence[str]) -> Pruned:
        """Throw away what is old of a service and of its channels. Raises StoreUnavailable."""
        now = self.clock()
        letters, spared = await self._letters(service, now - timedelta(seconds=self.retention.dead_letters_s))
        before = now - timedelta(seconds=self.retention.ignored_s)
        notes = sum([await self.shelves.forget_notes(service, each, before=before) for each in channels])
        pruned = Pruned(service, letters, spared, notes)
        if letters or notes:
            self.listen(pruned)
        return pruned

    async def _letters(self, service: str, before: datetime) -> tuple[int, int]:
        """Return how many letters were given up, and how many were spared."""
        given_up = spared = 0
        while given_up + spared < _LETTERS_AT_MOST:
            page = await self.shelves.old(service, before=before, limit=_PAGE, offset=spared)
            for head in page:
                if await self._give_up(head):
                    given_up += 1
                else:
                    spared += 1
            if len(page) < _PAGE:
                break
        return given_up, spared

    async def _give_up(self, head: LetterHead) -> bool:
        days = self.retention.dead_letters_s / 86_400
        reason = f"nobody decided about it within {days:g} days"
        entry = Entry.of_discarded(head, at=self.clock(), reason=reason)
        # What waits behind a dead create was accepted: no calendar decides about it, only a person.
        if not await self.shelves.discard(head, entry, token=self.ids(), unless_waited_for=True):
            return False
        await self.shelves.tally(head.service, f"{head.channel}:lapsed")
        self.listen(LetterDiscarded.of(head, reason))
        return True
