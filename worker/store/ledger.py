"""The ledger in Redis: what is known of each conversation, for people to read."""

import asyncio
from typing import Any

from worker.interactions import Interaction
from worker.lanes import LaneView, Partition, Seen, partition_of
from worker.pace import Pace
from worker.store import pace, seen, wire
from worker.store.keys import Keys
from worker.store.link import Linked


class RedisLedger(Linked):
    """Implements `worker.ports.Ledger`."""

    async def view(self, service: str, external_id: str, *, pending: int | None = None) -> LaneView | None:
        """See `worker.ports.Ledger.view`."""
        partitions = self._link.limits.service(service).partitions
        keys = Keys.of(partition_of(service, external_id, partitions))
        pipeline = self._link.redis.pipeline(transaction=False)
        pipeline.hgetall(keys.row(external_id))
        pipeline.lrange(keys.lane(external_id), 0, -1 if pending is None else pending - 1)
        pipeline.lrange(keys.history(external_id), 0, -1)
        pipeline.zscore(keys.due, external_id)
        row, lane, history, due = await self._link.ask(pipeline.execute())
        interaction = wire.interaction(service, external_id, row.get(b"record"))
        if not row or interaction is None:
            return None
        return LaneView(
            interaction=interaction,
            pending=tuple(wire.queued(item) for item in lane),
            history=wire.entries(history),
            attempt=int(row.get(b"attempt", 0)),
            due=None if due is None else wire.moment(due),
            parked=bool(row.get(b"parked")),
            accepted=int(row.get(b"seq", 0)),
        )

    async def seen(self, service: str, external_id: str, key: str) -> Seen | None:
        """See `worker.ports.Ledger.seen`."""
        partitions = self._link.limits.service(service).partitions
        keys = Keys.of(partition_of(service, external_id, partitions))
        pipeline = self._link.redis.pipeline(transaction=False)
        digest: Any = seen.digest(key)  # bytes, which redis-py takes and does not say
        pipeline.hget(keys.told(seen.bucket(key)), digest)
        pipeline.get(keys.seen(key))
        pipeline.hget(keys.keys(external_id), digest)
        pipeline.hget(keys.keys(external_id), key)
        stored = next(filter(None, await self._link.ask(pipeline.execute())), None)
        return seen.read(service, external_id, key, stored) if stored else None

    async def interactions(self, service: str, *, limit: int) -> tuple[Interaction, ...]:
        """See `worker.ports.Ledger.interactions`."""
        partitions = [
            Partition(service, index) for index in range(self._link.limits.service(service).partitions)
        ]
        shares = await asyncio.gather(*(self._open(partition, limit) for partition in partitions))
        newest = sorted((row for share in shares for row in share), key=lambda each: each[0], reverse=True)
        return tuple(interaction for _, interaction in newest[:limit])

    async def pace(self, service: str) -> Pace:
        """See `worker.ports.Ledger.pace`."""
        hashes = (self._link.redis.hgetall(keys.pace) for keys in self._shares(service))
        stored = await asyncio.gather(*(self._link.ask(each) for each in hashes))
        return Pace.together(map(pace.read, stored))

    async def _open(self, partition: Partition, limit: int) -> list[tuple[float, Interaction]]:
        keys = Keys.of(partition)
        active = await self._link.ask(self._link.redis.zrevrange(keys.active, 0, limit - 1, withscores=True))
        pipeline = self._link.redis.pipeline(transaction=False)
        for lane, _ in active:
            pipeline.hget(keys.row(lane.decode()), "record")
        records = await self._link.ask(pipeline.execute())
        rows = [
            (score, wire.interaction(partition.service, lane.decode(), record))
            for (lane, score), record in zip(active, records, strict=True)
        ]
        return [(score, row) for score, row in rows if row is not None]
