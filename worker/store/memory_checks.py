"""Checks in memory: the twin of `worker.store.checks`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from worker.interactions import Interaction
from worker.lanes import Entry, Partition
from worker.notices import Notice
from worker.store import wire
from worker.store.checks import PATIENCE_MS
from worker.store.gate import GateLimits
from worker.store.memory_state import Lane, MemoryState, Share
from worker.upkeep import Check, Unchecked

#: The place of a check in the gate, under a name that no conversation can have.
CHECK: Final = "\0check"
_PATIENCE: Final = timedelta(milliseconds=PATIENCE_MS)


class MemoryChecks:
    """Implements `worker.upkeep_ports.Checks`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def enlist(self, partition: Partition, *, limit: int) -> int:
        """See `worker.upkeep_ports.Checks.enlist`."""
        share = self._state.shares[partition]
        active = {name: lane.activity for name, lane in share.lanes.items() if lane.activity}
        for name in [each for each in active if each not in share.checked][:limit]:
            share.checked[name] = active[name]
        return len(active)

    async def check(
        self, partition: Partition, *, before: datetime, lease: timedelta, token: str, now: datetime
    ) -> Check | Unchecked:
        """See `worker.upkeep_ports.Checks.check`."""
        share = self._state.shares[partition]
        if token in share.checks:
            return self._describe(partition, *share.checks[token], now + lease)
        barred = _barred(share, self._limits(partition), now)
        if barred:
            return barred
        for last, name in sorted((at, name) for name, at in share.checked.items() if at <= before):
            lane = share.lanes[name]
            if not lane.activity:
                del share.checked[name]
                continue
            share.checked[name] = now
            if not lane.commands:
                share.checks[token] = (name, last)
                share.gate = share.gate.claimed(
                    self._limits(partition), [CHECK], wire.millis(now), wire.millis(now + lease)
                )
                return self._describe(partition, name, last, now + lease)
        return Unchecked.NONE

    def _describe(self, partition: Partition, name: str, last: datetime, until: datetime) -> Check:
        lane = self._state.shares[partition].lanes[name]
        return Check(
            partition=partition,
            interaction=lane.interaction,
            fence=lane.fence,
            seen=lane.remote,
            before=last,
            lease_until=until,
        )

    async def close(
        self,
        check: Check,
        ended: Interaction,
        entry: Entry,
        *,
        notices: Sequence[Notice] = (),
        now: datetime,
    ) -> bool:
        """See `worker.upkeep_ports.Checks.close`."""
        share, lane = self._answered(check, now)
        if lane.fence != check.fence:
            return False
        if lane.interaction == ended:
            return True
        if lane.commands or not lane.activity:
            return False
        lane.interaction, lane.activity, lane.remote = ended, None, ""
        lane.keys.clear()
        lane.write(entry)
        share.put_out(notices)
        share.checked.pop(ended.external_id, None)
        return True

    async def observe(self, check: Check, seen: str, entry: Entry | None, *, now: datetime) -> bool:
        """See `worker.upkeep_ports.Checks.observe`."""
        _, lane = self._answered(check, now)
        if lane.fence != check.fence or lane.remote == seen:
            return False
        lane.remote = seen
        if entry:
            lane.write(entry)
        return entry is not None

    async def miss(self, check: Check, *, as_if_at: datetime, failed: bool, now: datetime) -> bool:
        """See `worker.upkeep_ports.Checks.miss`."""
        share, limits, time = (
            self._state.shares[check.partition],
            self._limits(check.partition),
            wire.millis(now),
        )
        if not _ended(share, check):
            return False
        name = check.interaction.external_id
        if name in share.checked:
            share.checked[name] = as_if_at
        before = share.gate
        share.gate = (
            before.failed_call(limits, 1, time) if failed else before.returned(limits, CHECK, 1, time)
        )
        return share.gate.shut_since(before, time)

    def _answered(self, check: Check, now: datetime) -> tuple[Share, Lane]:
        share = self._state.shares[check.partition]
        if _ended(share, check):
            share.gate = share.gate.came_home(self._limits(check.partition), 1, wire.millis(now))
        return share, share.lanes[check.interaction.external_id]

    def _limits(self, partition: Partition) -> GateLimits:
        return self._state.limits.service(partition.service).gate


def _barred(share: Share, limits: GateLimits, now: datetime) -> Unchecked | None:
    """Return what keeps a check from beginning."""
    gate, time = share.gate, wire.millis(now)
    if gate.paused or gate.shut_until > time:
        return Unchecked.SHUT
    if not gate.admits(limits, 1, time) or gate.out.get(CHECK, 0) > time:
        return Unchecked.BUSY
    if limits.rate_per_s and gate.saved(limits, time) < min(limits.burst, 1 + limits.burst / 2):
        return Unchecked.BUSY
    late = any(at <= now - _PATIENCE for at in share.due.values())
    return Unchecked.BUSY if late else None


def _ended(share: Share, check: Check) -> bool:
    """Give a check's place in the gate back; false when it was another's already."""
    if share.gate.out.get(CHECK) != wire.millis(check.lease_until):
        return False
    share.gate = share.gate.left(CHECK)
    return True
