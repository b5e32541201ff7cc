"""The store in memory: the twin of the Redis store, for tests and trials.

It keeps every promise of `worker.ports.Store` but durability; one contract suite runs against both.
"""

from datetime import datetime, timedelta

from worker import clues
from worker.commands import Command, guard_of
from worker.errors import KeyConflict, LaneFull, Overtaken
from worker.interactions import State
from worker.lanes import (
    Appended,
    Backlog,
    Burial,
    Claim,
    Deferral,
    Held,
    Partition,
    Queued,
    Receipt,
    Seen,
    Settlement,
    Way,
    channel_of,
    partition_of,
)
from worker.letters import DeadCommand, Unreadable
from worker.pace import Counted
from worker.store import wire
from worker.store.deeds import MemoryDeeds
from worker.store.gate import GateLimits
from worker.store.limits import CLUE_CAP, RECENT_CAP, RING_PATIENCE_MS, UNSAID, Limits
from worker.store.memory_audits import MemoryAudits
from worker.store.memory_checks import MemoryChecks
from worker.store.memory_mailboxes import MemoryMailboxes
from worker.store.memory_reading import MemoryReading
from worker.store.memory_search import MemorySearch
from worker.store.memory_state import Lane, MemoryState, Share, received
from worker.store.memory_sweeps import MemorySweeps
from worker.store.outbox import MemoryOutbox
from worker.store.pauses import MemoryPauses
from worker.store.proofs import MemoryProofs
from worker.store.slots import MemorySlots
from worker.store.threads import MemoryThreads
from worker.store.visits import MemoryVisits


class MemoryStore(
    MemoryReading,
    MemorySearch,
    MemorySweeps,
    MemoryPauses,
    MemoryThreads,
    MemoryMailboxes,
    MemorySlots,
    MemoryChecks,
    MemoryProofs,
    MemoryAudits,
    MemoryOutbox,
    MemoryDeeds,
    MemoryVisits,
):
    """Implements `worker.ports.Store` for one process."""

    def __init__(self, limits: Limits | None = None) -> None:
        super().__init__(MemoryState(limits or Limits()))
        MemorySearch.__init__(self, self._state)
        MemorySweeps.__init__(self, self._state)
        MemoryPauses.__init__(self)
        MemoryThreads.__init__(self)
        MemoryMailboxes.__init__(self)
        MemorySlots.__init__(self)
        MemoryChecks.__init__(self, self._state)
        MemoryProofs.__init__(self)
        MemoryAudits.__init__(self, self._state)
        MemoryOutbox.__init__(self, self._state)
        MemoryDeeds.__init__(self)
        MemoryVisits.__init__(self)

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        limits = self._state.limits.service(command.service)
        name = command.external_id
        share = self._state.home(command.service, name)
        known = _known(share, command, now)
        if known:
            if known.fingerprint != command.fingerprint:
                first = known.receipt.external_id
                raise KeyConflict(
                    command.idempotency_key,
                    first=known.fingerprint,
                    second=command.fingerprint,
                    elsewhere=first if first != name else "",
                )
            repeated = known.receipt.id != receipt_id
            receipt = known.receipt.model_copy(update={"duplicate": repeated})
            return Appended(receipt, self._wake(share, name, now))
        _refuse_overtaken(share.lanes.get(name), command)
        lane = self._state.lane(command.service, name)
        position = len(lane.commands)
        if position >= limits.lane_cap:
            raise LaneFull(f"{position} commands already wait for {name!r} of service {command.service!r}")
        lane.sequence += 1
        receipt = Receipt(
            id=receipt_id,
            service=command.service,
            external_id=name,
            sequence=lane.sequence,
            position=position,
            accepted_at=now,
        )
        lane.commands.append(Queued(lane.sequence, receipt_id, now, command))
        lane.write(received(command, lane.sequence, now))
        if not guard_of(command):
            lane.activity = lane.activity and now
            share.lead("", name, RECENT_CAP, now)
            for clue in clues.of_command(command, limits.senders):
                share.lead(clue, name, CLUE_CAP, now)
        share.count(Counted.ACCEPTED, 1, now, command.channel)
        window = timedelta(milliseconds=limits.window_ms(command.channel))
        seen = Seen(receipt, command.fingerprint, now + window)
        share.seen[command.idempotency_key] = lane.keys[command.idempotency_key] = seen
        if not lane.parked:
            share.due.setdefault(name, now)
        return Appended(receipt, self._wake(share, name, now))

    def _wake(self, share: Share, name: str, now: datetime) -> bool:
        due = share.due.get(name)
        if due is None or due > now or (share.quiet_until and share.quiet_until > now):
            return False
        share.quiet_until = now + timedelta(milliseconds=RING_PATIENCE_MS)
        return True

    async def claim(
        self,
        partition: Partition,
        *,
        limit: int,
        lease: timedelta,
        token: str,
        now: datetime,
        leaving: bool = False,
    ) -> tuple[Claim, ...]:
        """See `worker.ports.Lanes.claim`."""
        share, limits = self._state.shares[partition], self._state.limits.service(partition.service).gate
        taken = share.tokens.get(token)
        if taken is None:
            wanted = share.gate.admits(limits, limit, wire.millis(now))
            due = sorted((at, name) for name, at in share.due.items() if at <= now)
            names = [name for _, name in due[:wanted]]
            for name in names:
                _take(share.lanes[name])
                share.due[name] = now + lease
            share.gate = share.gate.claimed(limits, names, wire.millis(now), wire.millis(now + lease))
            taken = [(share.lanes[name].fence, name) for name in names]
            if taken:
                share.tokens[token] = taken
        # What has been taken over since belongs to its new holder.
        names = [name for fence, name in taken if share.lanes[name].fence == fence and share.lanes[name].held]
        if (not names and leaving) or len(names) >= limit:
            share.quiet_until = None
        else:
            share.quiet_until = now + timedelta(milliseconds=self._state.limits.awake_ms)
        return tuple(self._claim(partition, name, now + lease) for name in names)

    def _claim(self, partition: Partition, name: str, lease_until: datetime) -> Claim:
        lane = self._state.shares[partition].lanes[name]
        return Claim(
            partition=partition,
            external_id=name,
            fence=lane.fence,
            attempt=lane.attempt,
            suspect=lane.suspect,
            interaction=lane.interaction,
            commands=tuple(lane.commands[: self._state.limits.window]),
            lease_until=lease_until,
            stolen=lane.stolen,
        )

    def _held(self, claim: Claim) -> Lane | None:
        lane = self._state.shares[claim.partition].lanes[claim.external_id]
        return lane if lane.fence == claim.fence else None

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """See `worker.ports.Lanes.renew`."""
        lane, share = self._held(claim), self._state.shares[claim.partition]
        if lane is None or not lane.held or share.due[claim.external_id] <= now:
            return None
        share.due[claim.external_id] = now + lease
        share.gate = share.gate.renewed(claim.external_id, wire.millis(now + lease))
        return now + lease

    async def confirm(self, claim: Claim) -> Way:
        """See `worker.ports.Lanes.confirm`."""
        lane, share = self._held(claim), self._state.shares[claim.partition]
        if lane is None:
            return Way.STALE
        if len(lane.commands) > 1:
            return Way.OVERTAKEN
        return Way.PAUSED if share.unswept else Way.CLEAR

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """See `worker.ports.Lanes.settle`."""
        lane, share = self._held(claim), self._state.shares[claim.partition]
        if lane is None:
            return Held.STALE
        left = [each for each in lane.commands if each.sequence > settlement.sequence]
        if len(left) == len(lane.commands):
            return _standing(lane)
        limits, name, time = self._gate(claim), claim.external_id, wire.millis(now)
        share.gate = share.gate.came_home(limits, settlement.calls, time)
        for done in lane.commands[: len(lane.commands) - len(left)]:
            share.count(Counted.DELIVERED, 1, now, done.command.channel if done.command else "")
        if known := settlement.interaction.interaction_id:
            share.lead(clues.of_interaction(known), name, CLUE_CAP, now)
        lane.commands = left
        lane.interaction = settlement.interaction
        if settlement.interaction.state is not State.OPEN:
            lane.activity = None
        elif not settlement.quiet:
            lane.activity = now
        for entry in settlement.entries:
            lane.write(entry)
        share.put_out(settlement.notices)
        if left and settlement.keep and share.gate.has_room(limits, name, time):
            lane.attempt, lane.suspect = 1, False
            share.due[name] = now + lease
            share.gate = share.gate.claimed(limits, [name], time, wire.millis(now + lease))
            return Held.KEPT
        self._free(claim, lane, now)
        if not left and not lane.activity:
            lane.keys.clear()
        return _standing(lane)

    async def defer(self, claim: Claim, deferral: Deferral, *, now: datetime) -> Held:
        """See `worker.ports.Lanes.defer`."""
        lane, share = self._held(claim), self._state.shares[claim.partition]
        if lane is None:
            return Held.STALE
        if not lane.held:
            return Held.WAITING
        lane.free(suspect=deferral.suspect, attempt=lane.attempt - (0 if deferral.counted else 1))
        share.due[claim.external_id] = deferral.due
        if deferral.entry:
            lane.write(deferral.entry)
        if deferral.calls:
            share.count(Counted.FAILED, 1, now, channel_of(claim))
        before = share.gate.left(claim.external_id)
        if not deferral.failed:
            share.gate = before.returned(
                self._gate(claim), claim.external_id, deferral.calls, wire.millis(now)
            )
            return Held.WAITING
        share.gate = before.failed_call(self._gate(claim), deferral.calls, wire.millis(now))
        return Held.TRIPPED if share.gate.shut_since(before, wire.millis(now)) else Held.WAITING

    async def bury(self, claim: Claim, burial: Burial, *, now: datetime) -> Held:
        """See `worker.ports.Lanes.bury`."""
        lane, share = self._held(claim), self._state.shares[claim.partition]
        if lane is None:
            return Held.STALE
        letter, time = burial.letter, wire.millis(now)
        if not lane.commands or lane.commands[0].sequence != letter.sequence:
            return _standing(lane)
        del lane.commands[0]
        lane.write(burial.entry)
        share.put_out(burial.notices)
        self._state.letters[claim.partition.service][letter.id] = (now, letter, tuple(lane.history))
        if burial.park:
            lane.parked = letter.id
        self._free(claim, lane, now)
        share.count(Counted.DEAD, 1, now, channel_of(claim))
        if burial.calls:
            share.count(Counted.FAILED, 1, now, channel_of(claim))
        before = share.gate
        weigh = before.failed_call if burial.failed else before.came_home
        share.gate = weigh(self._gate(claim), burial.calls, time)
        return Held.TRIPPED if share.gate.shut_since(before, time) else _standing(lane)

    def _gate(self, claim: Claim) -> GateLimits:
        return self._state.limits.service(claim.partition.service).gate

    def _free(self, claim: Claim, lane: Lane, now: datetime) -> None:
        share = self._state.shares[claim.partition]
        lane.free()
        _look(share.due, lane, claim.external_id, now)
        share.gate = share.gate.left(claim.external_id)

    async def hold(self, service: str, *, until: datetime, reason: str) -> None:
        """See `worker.ports.Lanes.hold`."""
        for share in self._state.of(service):
            share.gate = share.gate.shut(wire.millis(until), reason)

    async def pause(self, service: str, *, reason: str) -> None:
        """See `worker.ports.Lanes.pause`."""
        for share in self._state.of(service):
            share.gate = share.gate.pausing(reason.strip() or UNSAID)

    async def resume(self, service: str) -> None:
        """See `worker.ports.Lanes.resume`."""
        for share in self._state.of(service):
            share.gate = share.gate.resumed()

    async def hasten(self, service: str, *, external_id: str = "", now: datetime) -> int:
        """See `worker.ports.Lanes.hasten`."""
        late = [
            (share, name)
            for share in self._state.of(service)
            for name, at in share.due.items()
            if at > now and not share.lanes[name].held and external_id in {"", name}
        ]
        for share, name in late:
            share.due[name] = now
        return len(late)

    async def backlog(self, partition: Partition, *, now: datetime) -> Backlog:
        """See `worker.ports.Lanes.backlog`."""
        share, gate = self._state.shares[partition], self._state.shares[partition].gate
        due = [at for at in share.due.values() if at <= now]
        held = gate.shut_until > wire.millis(now)
        return Backlog(
            due=len(due),
            lanes=len(share.due),
            oldest=min(due, default=None),
            held_until=wire.moment(gate.shut_until) if held else None,
            held_because=gate.reason if held or gate.ajar else "",
            paused=gate.paused,
            probing=gate.ajar and not held,
            in_flight=gate.busy(wire.millis(now)),
            untold=len(share.outbox),
            dead=sum(
                1
                for _, letter, _ in self._state.letters[partition.service].values()
                if self._is_in(letter, partition)
            ),
        )

    def _is_in(self, letter: DeadCommand | Unreadable, partition: Partition) -> bool:
        if isinstance(letter, Unreadable):
            return partition.index == 0
        partitions = self._state.limits.service(partition.service).partitions
        return partition_of(partition.service, letter.command.external_id, partitions) == partition


def _known(share: Share, command: Command, now: datetime) -> Seen | None:
    """What was said under this key: for its window, and for as long as its open conversation lives."""
    seen = share.seen.get(command.idempotency_key)
    if seen and seen.expires_at > now:
        return seen
    lane = share.lanes.get(command.external_id)
    return lane.keys.get(command.idempotency_key) if lane and lane.activity else None


def _refuse_overtaken(lane: Lane | None, command: Command) -> None:
    guard = guard_of(command)
    if guard is None:
        return
    seen = wire.millis(lane.activity) if lane and lane.activity and not lane.commands else None
    if seen != wire.millis(guard.idle_since):
        raise Overtaken(command.external_id)


def _take(lane: Lane) -> None:
    lane.stolen = lane.held
    lane.suspect = lane.held or lane.suspect
    lane.held = True
    lane.fence += 1
    lane.attempt += 1


def _look(due: dict[str, datetime], lane: Lane, name: str, now: datetime) -> None:
    if lane.commands and not lane.parked:
        due[name] = now
    else:
        due.pop(name, None)


def _standing(lane: Lane) -> Held:
    if not lane.commands:
        return Held.EMPTY
    return Held.KEPT if lane.held else Held.WAITING
