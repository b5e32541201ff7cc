"""Deeds in Redis: one index by time and one hash, because what people do belongs to no partition."""

from datetime import datetime, timedelta
from typing import Final

from worker.deeds import Deed
from worker.store import wire
from worker.store.link import Linked

#: Sorted set: id of a deed, by when it was done.
INDEX: Final = "bridge:{deeds}:index"
#: Hash: id of a deed → the deed in JSON.
TEXTS: Final = "bridge:{deeds}:texts"
#: Deeds that are kept at most, the newest ones.
CAP: Final = 100_000


class RedisDeeds(Linked):
    """Implements `worker.access_ports.Deeds`."""

    async def record_deed(self, deed: Deed, *, retention: timedelta) -> None:
        """See `worker.access_ports.Deeds.record_deed`."""
        # The index leads: whatever breaks off leaves nothing that it does not know of.
        pipeline = self._link.redis.pipeline(transaction=False)
        pipeline.zadd(INDEX, {deed.id: wire.millis(deed.at)})
        pipeline.hset(TEXTS, deed.id, deed.model_dump_json())
        pipeline.zrange(INDEX, "-inf", f"({wire.millis(deed.at - retention)}", byscore=True)
        pipeline.zrange(INDEX, 0, -CAP - 1)
        *_, old, surplus = await self._link.ask(pipeline.execute())
        if gone := {*old, *surplus}:
            pipeline = self._link.redis.pipeline(transaction=False)
            pipeline.hdel(TEXTS, *gone)
            pipeline.zrem(INDEX, *gone)
            await self._link.ask(pipeline.execute())

    async def deeds(self, *, limit: int, before: datetime | None = None) -> tuple[Deed, ...]:
        """See `worker.access_ports.Deeds.deeds`."""
        until = "+inf" if before is None else f"({wire.millis(before)}"
        redis = self._link.redis
        ids = await self._link.ask(
            redis.zrange(INDEX, until, "-inf", desc=True, byscore=True, offset=0, num=limit)
        )
        texts = await self._link.ask(redis.hmget(TEXTS, ids)) if ids else []
        return tuple(Deed.model_validate_json(text) for text in texts if text)


class MemoryDeeds:
    """The same in memory."""

    def __init__(self) -> None:
        self._deeds: dict[str, Deed] = {}

    async def record_deed(self, deed: Deed, *, retention: timedelta) -> None:
        """See `worker.access_ports.Deeds.record_deed`."""
        self._deeds[deed.id] = deed
        oldest = wire.millis(deed.at - retention)
        young = [each for each in self._deeds.values() if wire.millis(each.at) >= oldest]
        self._deeds = {each.id: each for each in sorted(young, key=_order)[-CAP:]}

    async def deeds(self, *, limit: int, before: datetime | None = None) -> tuple[Deed, ...]:
        """See `worker.access_ports.Deeds.deeds`."""
        fitting = (
            each
            for each in self._deeds.values()
            if before is None or wire.millis(each.at) < wire.millis(before)
        )
        return tuple(sorted(fitting, key=_order, reverse=True)[:limit])


def _order(deed: Deed) -> tuple[int, str]:
    return wire.millis(deed.at), deed.id
