"""Lanes in Redis: one Lua script for each verb, one round trip for each call.

Everything here is translation between the vocabulary and the scripts' arguments; what the verbs mean stands
in `lua/`, and what may be relied upon in `worker.ports`.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from worker.commands import Command, encode
from worker.errors import KeyConflict, LaneFull
from worker.interactions import State
from worker.lanes import (
    Appended,
    Backlog,
    Claim,
    Deferral,
    Entry,
    Held,
    Partition,
    Receipt,
    Settlement,
    partition_of,
)
from worker.letters import DeadCommand
from worker.store import wire
from worker.store.keys import Keys
from worker.store.limits import HISTORY_CAP, RING_PATIENCE_MS
from worker.store.link import Linked
from worker.store.scripts import Script

_APPEND: Final = Script.named("append")
_CLAIM: Final = Script.named("claim")
_RENEW: Final = Script.named("renew")
_SETTLE: Final = Script.named("settle")
_DEFER: Final = Script.named("defer")
_BURY: Final = Script.named("bury")
_HOLD: Final = Script.named("hold")
_BACKLOG: Final = Script.named("backlog")


class RedisLanes(Linked):
    """Implements `worker.ports.Lanes` for the event loop in which it is used."""

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        service, lane = command.service, command.external_id
        limits = self._link.limits.service(service)
        keys = Keys.of(partition_of(service, lane, limits.partitions))
        before, after = wire.received(command.kind, command.channel, now, command.trace_id)
        word, *answer = await self._link.run(
            _APPEND,
            (
                keys.seen(command.idempotency_key),
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.active,
                keys.history(lane),
                keys.bell,
            ),
            wire.millis(now),
            lane,
            receipt_id,
            command.fingerprint,
            encode(command),
            limits.dedup_window_ms,
            limits.lane_cap,
            before,
            after,
            HISTORY_CAP,
            RING_PATIENCE_MS,
        )
        if word == b"conflict":
            raise KeyConflict(command.idempotency_key, first=answer[0].decode(), second=command.fingerprint)
        if word == b"full":
            raise LaneFull(f"{answer[0]} commands already wait for {lane!r} of service {service!r}")
        first_id, sequence, position, accepted, ring = answer
        receipt = Receipt(
            id=first_id.decode(),
            service=service,
            external_id=lane,
            sequence=sequence,
            position=position,
            accepted_at=wire.moment(accepted),
            duplicate=word == b"duplicate",
        )
        return Appended(receipt, bool(ring))

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
        keys = Keys.of(partition)
        rows = await self._link.run(
            _CLAIM,
            (keys.due, keys.gate, keys.bell, keys.token(token)),
            wire.millis(now),
            limit,
            _ms(lease),
            keys.prefix,
            self._link.limits.window,
            self._link.limits.awake_ms,
            int(leaving),
        )
        return tuple(_claim(partition, row, now + lease) for row in rows)

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """See `worker.ports.Lanes.renew`."""
        keys, until = Keys.of(claim.partition), now + lease
        lane = claim.external_id
        renewed = await self._link.run(
            _RENEW, (keys.row(lane), keys.due), lane, claim.fence, wire.millis(until)
        )
        return until if renewed else None

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """See `worker.ports.Lanes.settle`."""
        keys, lane = Keys.of(claim.partition), claim.external_id
        is_open = settlement.interaction.state is State.OPEN
        word = await self._link.run(
            _SETTLE,
            (keys.lane(lane), keys.row(lane), keys.due, keys.active, keys.history(lane)),
            wire.millis(now),
            lane,
            claim.fence,
            settlement.sequence,
            wire.record(settlement.interaction),
            wire.line(settlement.entry),
            int(settlement.keep),
            _ms(lease),
            wire.millis(now) if is_open else "",
            self._link.limits.service(claim.partition.service).ended_retention_ms,
            HISTORY_CAP,
        )
        return Held(word.decode())

    async def defer(self, claim: Claim, deferral: Deferral) -> Held:
        """See `worker.ports.Lanes.defer`."""
        keys, lane = Keys.of(claim.partition), claim.external_id
        word = await self._link.run(
            _DEFER,
            (keys.row(lane), keys.due, keys.history(lane)),
            lane,
            claim.fence,
            wire.millis(deferral.due),
            int(deferral.suspect),
            int(deferral.counted),
            wire.line(deferral.entry),
            HISTORY_CAP,
        )
        return Held(word.decode())

    async def bury(
        self, claim: Claim, letter: DeadCommand, entry: Entry, *, park: bool, now: datetime
    ) -> Held:
        """See `worker.ports.Lanes.bury`."""
        keys, lane = Keys.of(claim.partition), claim.external_id
        word = await self._link.run(
            _BURY,
            (
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.history(lane),
                keys.dead,
                keys.letter(letter.id),
            ),
            wire.millis(now),
            lane,
            claim.fence,
            letter.sequence,
            letter.id,
            letter.model_dump_json(),
            wire.line(entry),
            int(park),
            HISTORY_CAP,
        )
        return Held(word.decode())

    async def hold(self, service: str, *, until: datetime, reason: str) -> None:
        """See `worker.ports.Lanes.hold`."""
        for index in range(self._link.limits.service(service).partitions):
            keys = Keys.of(Partition(service, index))
            await self._link.run(_HOLD, (keys.gate,), wire.millis(until), reason)

    async def backlog(self, partition: Partition, *, now: datetime) -> Backlog:
        """See `worker.ports.Lanes.backlog`."""
        keys = Keys.of(partition)
        due, oldest, until, reason = await self._link.run(_BACKLOG, (keys.due, keys.gate), wire.millis(now))
        return Backlog(
            due=due,
            oldest=wire.moment(float(oldest)) if oldest else None,
            held_until=wire.moment(float(until)) if until else None,
            held_because=(reason or b"").decode(),
        )


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _claim(partition: Partition, row: Any, lease_until: datetime) -> Claim:  # noqa: ANN401 - Redis answers in any shape
    lane, fence, attempt, suspect, record, commands = row
    external_id = lane.decode()
    return Claim(
        partition=partition,
        external_id=external_id,
        fence=fence,
        attempt=attempt,
        suspect=bool(suspect),
        interaction=wire.interaction(partition.service, external_id, record),
        commands=tuple(wire.queued(item) for item in commands),
        lease_until=lease_until,
    )
