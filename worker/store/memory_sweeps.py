"""Sweeps in memory: the twin of `worker.store.sweeps`."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from worker.lanes import Partition
from worker.store import wire
from worker.store.limits import UNSAID
from worker.store.memory_state import MemoryState
from worker.store.sweeps import HOUR, SWEEPS_CAP
from worker.sweeps import Cursor, Idle, Sweep


@dataclass(frozen=True, slots=True)
class _Booked:
    at: datetime
    count: int
    before: int


@dataclass(slots=True)
class _Service:
    last: datetime | None = None
    booked: dict[str, _Booked] = field(default_factory=dict)
    bookmarks: dict[int, Cursor] = field(default_factory=dict)
    records: dict[str, Sweep] = field(default_factory=dict)


class MemorySweeps:
    """Implements `worker.ports.Sweeps`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._swept: defaultdict[str, _Service] = defaultdict(_Service)

    async def idle(
        self, partition: Partition, *, after: Cursor | None, until: datetime, limit: int
    ) -> tuple[Idle, ...]:
        """See `worker.ports.Sweeps.idle`."""
        lanes = self._state.shares[partition].lanes
        activity = {
            name: wire.moment(wire.millis(lane.activity)) for name, lane in lanes.items() if lane.activity
        }
        order = sorted(activity, key=lambda name: (activity[name], name.encode()))
        start = 0
        if after and activity.get(after.external_id) == after.since:
            start = order.index(after.external_id) + 1
        elif after:
            start = sum(1 for at in activity.values() if at < after.since)
        return tuple(
            Idle(name, activity[name], lanes[name].interaction, len(lanes[name].commands))
            for name in order[start : start + limit]
            if wire.millis(activity[name]) <= wire.millis(until)
        )

    async def open_count(self, service: str) -> int:
        """See `worker.ports.Sweeps.open_count`."""
        return sum(1 for share in self._state.of(service) for lane in share.lanes.values() if lane.activity)

    async def last_swept(self, service: str) -> datetime | None:
        """See `worker.ports.Sweeps.last_swept`."""
        return self._swept[service].last

    async def mark_swept(self, service: str, *, now: datetime) -> None:
        """See `worker.ports.Sweeps.mark_swept`."""
        self._swept[service].last = now

    async def spend(self, service: str, *, sweep: str, count: int, cap: int, now: datetime) -> int:
        """See `worker.ports.Sweeps.spend`."""
        own = self._swept[service]
        if sweep in own.booked:
            return own.booked[sweep].before
        own.booked = {name: each for name, each in own.booked.items() if each.at > now - HOUR}
        before = sum(each.count for each in own.booked.values())
        if before + count <= cap:
            own.booked[sweep] = _Booked(now, count, before)
        return before

    async def bookmark(self, partition: Partition) -> Cursor | None:
        """See `worker.ports.Sweeps.bookmark`."""
        return self._swept[partition.service].bookmarks.get(partition.index)

    async def put_bookmark(self, partition: Partition, cursor: Cursor | None) -> None:
        """See `worker.ports.Sweeps.put_bookmark`."""
        bookmarks = self._swept[partition.service].bookmarks
        if cursor is None:
            bookmarks.pop(partition.index, None)
        else:
            bookmarks[partition.index] = cursor

    async def record_sweep(self, sweep: Sweep) -> None:
        """See `worker.ports.Sweeps.record_sweep`."""
        records = self._swept[sweep.service].records
        records.setdefault(sweep.id, sweep)
        for gone in sorted(records, key=lambda each: (records[each].at, each))[:-SWEEPS_CAP]:
            del records[gone]

    async def sweeps(self, service: str, *, limit: int) -> tuple[Sweep, ...]:
        """See `worker.ports.Sweeps.sweeps`."""
        records = self._swept[service].records.values()
        return tuple(sorted(records, key=lambda each: (each.at, each.id), reverse=True)[:limit])

    async def pause_sweeps(self, service: str, *, reason: str) -> None:
        """See `worker.ports.Sweeps.pause_sweeps`."""
        for share in self._state.of(service):
            share.unswept = reason.strip() or UNSAID

    async def resume_sweeps(self, service: str) -> None:
        """See `worker.ports.Sweeps.resume_sweeps`."""
        for share in self._state.of(service):
            share.unswept = ""

    async def sweeps_paused(self, service: str) -> str:
        """See `worker.ports.Sweeps.sweeps_paused`."""
        return next((share.unswept for share in self._state.of(service) if share.unswept), "")
