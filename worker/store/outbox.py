"""The outbox: notices that wait to be passed on, a Redis stream for each partition and its twin in memory.

A stream, because its entries have names: two relays that read the same ones take away the same ones.
"""

from collections.abc import Sequence

from worker.lanes import Partition
from worker.notices import Notice
from worker.store import wire
from worker.store.keys import Keys
from worker.store.link import Linked
from worker.store.memory_state import MemoryState


class RedisOutbox(Linked):
    """Implements `worker.notice_ports.Outbox`."""

    async def untold(self, partition: Partition, *, limit: int) -> tuple[tuple[str, Notice], ...]:
        """See `worker.notice_ports.Outbox.untold`."""
        page = await self._link.ask(self._link.redis.xrange(Keys.of(partition).outbox, count=limit))
        found = []
        for place, fields in page:
            notice = wire.read_notice(fields[b"notice"])
            if notice is None:
                break
            found.append((place.decode(), notice))
        return tuple(found)

    async def told(self, partition: Partition, places: Sequence[str]) -> None:
        """See `worker.notice_ports.Outbox.told`."""
        if places:
            await self._link.ask(self._link.redis.xdel(Keys.of(partition).outbox, *places))


class MemoryOutbox:
    """Implements `worker.notice_ports.Outbox`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def untold(self, partition: Partition, *, limit: int) -> tuple[tuple[str, Notice], ...]:
        """See `worker.notice_ports.Outbox.untold`."""
        outbox = self._state.shares[partition].outbox
        return tuple((str(place), notice) for place, notice in list(outbox.items())[:limit])

    async def told(self, partition: Partition, places: Sequence[str]) -> None:
        """See `worker.notice_ports.Outbox.told`."""
        for place in places:
            self._state.shares[partition].outbox.pop(int(place), None)
