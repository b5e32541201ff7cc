"""The store in memory: the twin of the Redis store, for tests and trials.

It keeps every promise of `worker.ports.Store` but durability; one contract suite runs against both.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.commands import Command
from worker.errors import KeyConflict, LaneFull
from worker.interactions import Interaction, State
from worker.lanes import (
    Appended,
    Backlog,
    Claim,
    Deferral,
    Entry,
    Held,
    LaneView,
    Partition,
    Queued,
    Receipt,
    Settlement,
    partition_of,
)
from worker.letters import DeadCommand, Unreadable
from worker.store.limits import HISTORY_CAP, RING_PATIENCE_MS, Limits


@dataclass(slots=True)
class _Lane:
    """One conversation: its commands, its row and what is known of its holder."""

    interaction: Interaction
    commands: list[Queued] = field(default_factory=list)
    history: list[Entry] = field(default_factory=list)
    sequence: int = 0
    fence: int = 0
    attempt: int = 0
    held: bool = False
    suspect: bool = False
    parked: bool = False
    #: The last activity of an open interaction, None when it is not open.
    activity: datetime | None = None

    def write(self, entry: Entry) -> None:
        self.history = [*self.history, entry][-HISTORY_CAP:]

    def free(self, *, suspect: bool = False, attempt: int = 0) -> None:
        self.held, self.suspect, self.attempt = False, suspect, attempt


@dataclass(frozen=True, slots=True)
class _Seen:
    receipt: Receipt
    fingerprint: str
    expires: datetime


@dataclass(slots=True)
class _Share:
    """One partition."""

    lanes: dict[str, _Lane] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    seen: dict[str, _Seen] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)
    quiet_until: datetime | None = None
    held_until: datetime | None = None
    held_because: str = ""


class MemoryStore:
    """Implements `worker.ports.Store` for one process."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._shares: defaultdict[Partition, _Share] = defaultdict(_Share)
        self._letters: dict[str, dict[str, tuple[datetime, DeadCommand | Unreadable]]] = defaultdict(dict)
        self._tallies: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        limits = self._limits.service(command.service)
        name = command.external_id
        share = self._shares[partition_of(command.service, name, limits.partitions)]
        known = share.seen.get(command.idempotency_key)
        if known and known.expires > now:
            if known.fingerprint != command.fingerprint:
                raise KeyConflict(
                    command.idempotency_key, first=known.fingerprint, second=command.fingerprint
                )
            repeated = known.receipt.id != receipt_id
            receipt = known.receipt.model_copy(update={"duplicate": repeated})
            return Appended(receipt, self._wake(share, name, now))
        lane = share.lanes.setdefault(name, _Lane(Interaction(service=command.service, external_id=name)))
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
        lane.write(_received(command, lane.sequence, now))
        lane.activity = lane.activity and now
        window = timedelta(milliseconds=limits.dedup_window_ms)
        share.seen[command.idempotency_key] = _Seen(receipt, command.fingerprint, now + window)
        if not lane.parked:
            share.due.setdefault(name, now)
        return Appended(receipt, self._wake(share, name, now))

    def _wake(self, share: _Share, name: str, now: datetime) -> bool:
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
        share = self._shares[partition]
        if share.held_until and share.held_until > now:
            return ()
        names = share.tokens.get(token)
        if names is None:
            due = sorted((at, name) for name, at in share.due.items() if at <= now)
            names = [name for _, name in due[:limit]]
            for name in names:
                _take(share.lanes[name])
                share.due[name] = now + lease
            if names:
                share.tokens[token] = names
        if (not names and leaving) or len(names) >= limit:
            share.quiet_until = None
        else:
            share.quiet_until = now + timedelta(milliseconds=self._limits.awake_ms)
        return tuple(
            self._claim(partition, name, now + lease) for name in names if share.lanes[name].commands
        )

    def _claim(self, partition: Partition, name: str, lease_until: datetime) -> Claim:
        lane = self._shares[partition].lanes[name]
        return Claim(
            partition=partition,
            external_id=name,
            fence=lane.fence,
            attempt=lane.attempt,
            suspect=lane.suspect,
            interaction=lane.interaction,
            commands=tuple(lane.commands[: self._limits.window]),
            lease_until=lease_until,
        )

    def _held(self, claim: Claim) -> _Lane | None:
        lane = self._shares[claim.partition].lanes[claim.external_id]
        return lane if lane.fence == claim.fence else None

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """See `worker.ports.Lanes.renew`."""
        lane = self._held(claim)
        if lane is None or not lane.held:
            return None
        self._shares[claim.partition].due[claim.external_id] = now + lease
        return now + lease

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """See `worker.ports.Lanes.settle`."""
        lane, due = self._held(claim), self._shares[claim.partition].due
        if lane is None:
            return Held.STALE
        left = [each for each in lane.commands if each.sequence > settlement.sequence]
        if len(left) == len(lane.commands):
            return _standing(lane)
        lane.commands = left
        lane.interaction = settlement.interaction
        lane.activity = now if settlement.interaction.state is State.OPEN else None
        lane.write(settlement.entry)
        if left and settlement.keep:
            lane.attempt, lane.suspect = 1, False
            due[claim.external_id] = now + lease
            return Held.KEPT
        lane.free()
        _look(due, lane, claim.external_id, now)
        return _standing(lane)

    async def defer(self, claim: Claim, deferral: Deferral) -> Held:
        """See `worker.ports.Lanes.defer`."""
        lane = self._held(claim)
        if lane is None:
            return Held.STALE
        if lane.held:
            lane.free(suspect=deferral.suspect, attempt=lane.attempt - (0 if deferral.counted else 1))
            self._shares[claim.partition].due[claim.external_id] = deferral.due
            lane.write(deferral.entry)
        return Held.WAITING

    async def bury(
        self, claim: Claim, letter: DeadCommand, entry: Entry, *, park: bool, now: datetime
    ) -> Held:
        """See `worker.ports.Lanes.bury`."""
        lane = self._held(claim)
        if lane is None:
            return Held.STALE
        if lane.commands and lane.commands[0].sequence == letter.sequence:
            del lane.commands[0]
            lane.write(entry)
            self._letters[claim.partition.service][letter.id] = (now, letter)
            lane.free()
            lane.parked = park
            _look(self._shares[claim.partition].due, lane, claim.external_id, now)
        return _standing(lane)

    async def hold(self, service: str, *, until: datetime, reason: str) -> None:
        """See `worker.ports.Lanes.hold`."""
        for index in range(self._limits.service(service).partitions):
            share = self._shares[Partition(service, index)]
            if share.held_until is None or share.held_until < until:
                share.held_until, share.held_because = until, reason

    async def backlog(self, partition: Partition, *, now: datetime) -> Backlog:
        """See `worker.ports.Lanes.backlog`."""
        share = self._shares[partition]
        due = [at for at in share.due.values() if at <= now]
        held = share.held_until if share.held_until and share.held_until > now else None
        return Backlog(len(due), min(due, default=None), held, share.held_because if held else "")

    async def view(self, service: str, external_id: str) -> LaneView | None:
        """See `worker.ports.Ledger.view`."""
        partitions = self._limits.service(service).partitions
        share = self._shares[partition_of(service, external_id, partitions)]
        lane = share.lanes.get(external_id)
        if lane is None:
            return None
        return LaneView(
            interaction=lane.interaction,
            pending=tuple(lane.commands),
            history=tuple(lane.history),
            attempt=lane.attempt,
            due=share.due.get(external_id),
            parked=lane.parked,
        )

    async def interactions(self, service: str, *, limit: int) -> tuple[Interaction, ...]:
        """See `worker.ports.Ledger.interactions`."""
        rows = [
            (lane.activity, lane.interaction)
            for partition, share in self._shares.items()
            if partition.service == service
            for lane in share.lanes.values()
            if lane.activity
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        return tuple(interaction for _, interaction in rows[:limit])

    async def keep(self, letter: Unreadable) -> None:
        """See `worker.ports.Letters.keep`."""
        self._letters[letter.service].setdefault(letter.id, (letter.arrived_at, letter))

    async def dead(self, service: str, *, limit: int) -> tuple[DeadCommand | Unreadable, ...]:
        """See `worker.ports.Letters.dead`."""
        newest = sorted(self._letters[service].values(), key=lambda each: each[0], reverse=True)
        return tuple(letter for _, letter in newest[:limit])

    async def tally(self, service: str, counter: str) -> None:
        """See `worker.ports.Letters.tally`."""
        self._tallies[service][counter] += 1

    async def tallies(self, service: str) -> dict[str, int]:
        """See `worker.ports.Letters.tallies`."""
        return dict(self._tallies[service])

    async def ping(self) -> None:
        """See `worker.ports.Store.ping`."""

    async def aclose(self) -> None:
        """See `worker.ports.Store.aclose`."""


def _received(command: Command, sequence: int, now: datetime) -> Entry:
    detail = {"kind": command.kind, "channel": command.channel}
    return Entry(at=now, event="received", sequence=sequence, trace_id=command.trace_id, detail=detail)


def _take(lane: _Lane) -> None:
    lane.suspect = lane.held or lane.suspect
    lane.held = True
    lane.fence += 1
    lane.attempt += 1


def _look(due: dict[str, datetime], lane: _Lane, name: str, now: datetime) -> None:
    if lane.commands and not lane.parked:
        due[name] = now
    else:
        due.pop(name, None)


def _standing(lane: _Lane) -> Held:
    if not lane.commands:
        return Held.EMPTY
    return Held.KEPT if lane.held else Held.WAITING
