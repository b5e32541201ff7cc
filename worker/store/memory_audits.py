"""Audits in memory: the twin of `worker.store.audits`, which looks at everything at once.

What has an end of its keeping in Redis is never forgotten here, and a letter is its own place in the list, so
those flaws cannot be.
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime

from worker.interactions import State
from worker.lanes import Partition
from worker.store import wire
from worker.store.memory_checks import CHECK
from worker.store.memory_state import Lane, MemoryState, Share
from worker.upkeep import Audit, Flaw, Mended, Stretch
from worker.upkeep_ports import Watch


class MemoryAudits:
    """Implements `worker.upkeep_ports.Audits`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def audit(
        self,
        *,
        limit: int,
        now: datetime,
        anew: bool = False,  # noqa: ARG002 - so each begins at the beginning
        dry: bool = False,
        watch: Watch | None = None,
    ) -> Audit:
        """See `worker.upkeep_ports.Audits.audit`."""
        if dry:
            return await MemoryAudits(deepcopy(self._state)).audit(limit=limit, now=now, watch=watch)
        looked, mended = 0, list[Mended]()
        for partition, share in self._state.shares.items():
            letters = self._state.letters[partition.service]
            looked += len(share.lanes) + len(letters)
            for name in {*share.lanes, *share.due, *share.gate.out} - {CHECK}:
                flaws = list(self._mend(share, partition, name, now))
                mended += [Mended(partition, flaw, name) for flaw in flaws]
        if watch:
            watch(Stretch(looked, looked, len(mended)))
        return Audit(looked, tuple(mended), whole=True)

    def _mend(self, share: Share, partition: Partition, name: str, now: datetime) -> Iterator[Flaw]:
        lane = share.lanes.get(name)
        if lane is not None and lane.parked and lane.parked not in self._state.letters[partition.service]:
            lane.parked = ""
            if lane.commands:
                share.due.setdefault(name, now)
            yield Flaw.STRANDED
        yield from _mend_due(share, lane, name, now)
        working = lane is not None and lane.held and lane.commands
        if share.gate.out.get(name, 0) > wire.millis(now) and not working:
            share.gate = share.gate.left(name)
            yield Flaw.IDLE
        if lane is not None:
            yield from _mend_index(lane, now)


def _mend_due(share: Share, lane: Lane | None, name: str, now: datetime) -> Iterator[Flaw]:
    waiting = lane is not None and bool(lane.commands)
    parked = lane is not None and bool(lane.parked)
    if waiting and not parked and name not in share.due:
        share.due[name] = now
        yield Flaw.FORGOTTEN
    elif name in share.due and (parked or not waiting):
        del share.due[name]
        yield Flaw.LOOSE if waiting else Flaw.VACANT


def _mend_index(lane: Lane, now: datetime) -> Iterator[Flaw]:
    is_open = lane.interaction.state is State.OPEN
    if is_open and not lane.activity:
        lane.activity = now
        yield Flaw.UNINDEXED
    elif lane.activity and not is_open:
        lane.activity = None
        yield Flaw.LINGERING
