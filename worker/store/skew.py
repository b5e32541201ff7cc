"""Skew: how far a clock is from the store's.

Leases, retries and windows are times of the processes' own clocks; keys expire by the store's. Whoever is
early takes over lanes whose holders still call.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from worker.ports import Clock
from worker.store.link import Linked

_LOOKS: Final = 3
_ZERO: Final = timedelta()


def apart(before: datetime, theirs: datetime, after: datetime) -> timedelta:
    """Return by how much our clock is ahead of one that was read between two looks at ours.

    Negative when it is behind; nothing when the difference may be the way there and back.
    """
    if theirs < before:
        return before - theirs
    return min(after - theirs, _ZERO)


class RedisSkew(Linked):
    """The server's clock, held against ours."""

    async def ahead(self, clock: Clock) -> timedelta:
        """Return by how much a clock is surely ahead of a server's, negative when behind.

        The smallest of a few looks: a busy machine makes one of them long. Of several servers, the one
        furthest away. Raises StoreUnavailable.
        """
        shards = range(await self._link.ask(self._link.servers.shards()))
        return max([await self._ahead(shard, clock) for shard in shards], key=abs)

    async def _ahead(self, shard: int, clock: Clock) -> timedelta:
        return min([await self._look(shard, clock) for _ in range(_LOOKS)], key=abs)

    async def _look(self, shard: int, clock: Clock) -> timedelta:
        before = clock()
        seconds, microseconds = await self._link.ask(self._link.servers.ask(shard, "TIME"))
        after = clock()
        theirs = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
        return apart(before, theirs, after)
