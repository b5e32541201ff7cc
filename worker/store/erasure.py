"""Erasure: what a person may have taken out of the store without breaking what the bridge promises.

The ledger row and the digests of idempotency keys stay: they hold nobody's words, and without them a message
that comes again would count twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from worker.lanes import Entry, partition_of
from worker.store import wire
from worker.store.keys import Keys
from worker.store.link import Linked
from worker.store.scripts import Script
from worker.store.threads import ThreadKeys

_ERASE: Final = Script.named("erase")
#: What the script answers where it did nothing.
_WAITING: Final = -1


@dataclass(frozen=True, slots=True)
class Binding:
    """To what a name of a thread is bound."""

    #: What tells the message whose own name it is; empty where only answers named it.
    mark: str
    conversation: str


class RedisErasure(Linked):
    """Erasure in Redis."""

    async def erase_history(
        self, service: str, external_id: str, line: Entry, *, force: bool = False
    ) -> int | None:
        """Take every detail out of a conversation's history; return of how many lines.

        None, and nothing is done, while commands wait and `force` is not set. What waits stays in any case.
        Repeating it changes nothing. Raises StoreUnavailable.
        """
        partitions = self._link.limits.service(service).partitions
        keys = Keys.of(partition_of(service, external_id, partitions))
        erased: int = await self._link.run(
            _ERASE, (keys.lane(external_id), keys.history(external_id)), wire.line(line), int(force)
        )
        return None if erased == _WAITING else erased

    async def forget_clue(self, service: str, clue: str) -> None:
        """Let a clue lead nowhere any more. Raises StoreUnavailable."""
        for keys in self._shares(service):
            await self._link.ask(self._link.redis.delete(keys.clue(clue)))

    async def bound(self, service: str, channel: str, names: Sequence[str]) -> dict[str, Binding]:
        """Return to what names of threads are bound, those that are not left out. Raises StoreUnavailable."""
        keys = ThreadKeys.of(service, channel)
        stored = await self._link.ask(self._link.redis.mget([keys.name(name) for name in names]))
        parts = {name: each.decode().split("|", 2) for name, each in zip(names, stored, strict=True) if each}
        return {name: Binding(mark, conversation) for name, (_, mark, conversation) in parts.items()}

    async def waiting_lanes(self, service: str) -> tuple[str, ...]:
        """Return the conversations in which commands wait, those behind a buried create left out."""
        shares = (self._link.redis.zrange(keys.due, 0, -1) for keys in self._shares(service))
        found = await asyncio.gather(*(self._link.ask(each) for each in shares))
        return tuple(lane.decode() for share in found for lane in share)
