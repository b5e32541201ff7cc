"""Sweeps in Redis: the index of activity, page by page; and what sweeps share: caps, records, a pause.

What belongs to a service as a whole has the hash tag `{sweeps:service}`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from worker.lanes import Partition
from worker.store import wire
from worker.store.keys import Keys
from worker.store.limits import UNSAID
from worker.store.link import Linked
from worker.store.scripts import Script
from worker.sweeps import Cursor, Idle, Sweep

#: Sweeps remembered of each service, the newest ones.
SWEEPS_CAP: Final = 500
#: The time within which stops are counted against the cap per hour.
HOUR: Final = timedelta(hours=1)

_IDLE: Final = Script.named("idle")
_SPEND: Final = Script.named("spend")
_NOTE: Final = Script.named("note")


@dataclass(frozen=True, slots=True)
class SweepKeys:
    """The keys of what a service's sweeps share."""

    #: What every key begins with.
    prefix: str

    @classmethod
    def of(cls, service: str) -> "SweepKeys":
        """Return the keys of a service."""
        return cls(f"bridge:{{sweeps:{service}}}:")

    @property
    def last(self) -> str:
        """String: milliseconds at which the last sweep of the schedule began."""
        return self.prefix + "last"

    @property
    def spent(self) -> str:
        """Hash: sweep → when, how many stops, how many before it."""
        return self.prefix + "spent"

    @property
    def bookmarks(self) -> str:
        """Hash: partition → where the next sweep goes on."""
        return self.prefix + "bookmarks"

    @property
    def times(self) -> str:
        """Sorted set: sweep → milliseconds of its beginning."""
        return self.prefix + "times"

    @property
    def records(self) -> str:
        """Hash: sweep → its record."""
        return self.prefix + "records"


class RedisSweeps(Linked):
    """Implements `worker.ports.Sweeps`."""

    async def idle(
        self, partition: Partition, *, after: Cursor | None, until: datetime, limit: int
    ) -> tuple[Idle, ...]:
        """See `worker.ports.Sweeps.idle`."""
        keys = Keys.of(partition)
        rows = await self._link.run(
            _IDLE,
            (keys.active,),
            keys.prefix,
            wire.millis(until),
            limit,
            wire.millis(after.since) if after else "",
            after.external_id if after else "",
        )
        return tuple(_idle(partition.service, row) for row in rows)

    async def open_count(self, service: str) -> int:
        """See `worker.ports.Sweeps.open_count`."""
        counts = [await self._link.ask(self._link.redis.zcard(keys.active)) for keys in self._shares(service)]
        return sum(counts)

    async def last_swept(self, service: str) -> datetime | None:
        """See `worker.ports.Sweeps.last_swept`."""
        stored = await self._link.ask(self._link.redis.get(SweepKeys.of(service).last))
        return wire.moment(int(stored)) if stored else None

    async def mark_swept(self, service: str, *, now: datetime) -> None:
        """See `worker.ports.Sweeps.mark_swept`."""
        await self._link.ask(self._link.redis.set(SweepKeys.of(service).last, wire.millis(now)))

    async def spend(self, service: str, *, sweep: str, count: int, cap: int, now: datetime) -> int:
        """See `worker.ports.Sweeps.spend`."""
        spent = SweepKeys.of(service).spent
        before: int = await self._link.run(_SPEND, (spent,), wire.millis(now), sweep, count, cap, _ms(HOUR))
        return before

    async def bookmark(self, partition: Partition) -> Cursor | None:
        """See `worker.ports.Sweeps.bookmark`."""
        bookmarks = SweepKeys.of(partition.service).bookmarks
        stored = await self._link.ask(self._link.redis.hget(bookmarks, str(partition.index)))
        if not stored:
            return None
        at, external_id = stored.decode().split("|", 1)
        return Cursor(wire.moment(int(at)), external_id)

    async def put_bookmark(self, partition: Partition, cursor: Cursor | None) -> None:
        """See `worker.ports.Sweeps.put_bookmark`."""
        bookmarks, field = SweepKeys.of(partition.service).bookmarks, str(partition.index)
        if cursor is None:
            await self._link.ask(self._link.redis.hdel(bookmarks, field))
        else:
            place = f"{wire.millis(cursor.since)}|{cursor.external_id}"
            await self._link.ask(self._link.redis.hset(bookmarks, field, place))

    async def record_sweep(self, sweep: Sweep) -> None:
        """See `worker.ports.Sweeps.record_sweep`."""
        keys = SweepKeys.of(sweep.service)
        at, record = wire.millis(sweep.at), sweep.model_dump_json(exclude_defaults=True)
        await self._link.run(_NOTE, (keys.times, keys.records), at, sweep.id, record, SWEEPS_CAP)

    async def sweeps(self, service: str, *, limit: int) -> tuple[Sweep, ...]:
        """See `worker.ports.Sweeps.sweeps`."""
        keys = SweepKeys.of(service)
        ids = await self._link.ask(self._link.redis.zrevrange(keys.times, 0, limit - 1))
        if not ids:
            return ()
        stored = await self._link.ask(self._link.redis.hmget(keys.records, ids))
        return tuple(sweep for sweep in map(_read, stored) if sweep is not None)

    async def pause_sweeps(self, service: str, *, reason: str) -> None:
        """See `worker.ports.Sweeps.pause_sweeps`."""
        for keys in self._shares(service):
            await self._link.ask(self._link.redis.set(keys.unswept, reason.strip() or UNSAID))

    async def resume_sweeps(self, service: str) -> None:
        """See `worker.ports.Sweeps.resume_sweeps`."""
        for keys in self._shares(service):
            await self._link.ask(self._link.redis.delete(keys.unswept))

    async def sweeps_paused(self, service: str) -> str:
        """See `worker.ports.Sweeps.sweeps_paused`."""
        stored = [await self._link.ask(self._link.redis.get(keys.unswept)) for keys in self._shares(service)]
        # a pause that broke off half-way is one all the same
        return next((reason.decode() for reason in stored if reason), "")


def _idle(service: str, row: Any) -> Idle:  # noqa: ANN401 - Redis answers in any shape
    lane, at, record, waiting = row
    name = lane.decode()
    return Idle(name, wire.moment(float(at)), wire.interaction(service, name, record), waiting)


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _read(stored: bytes | None) -> Sweep | None:
    """Read a record; one that a newer bridge wrote hides no other."""
    try:
        return Sweep.model_validate_json(stored) if stored else None
    except ValidationError:
        return None
