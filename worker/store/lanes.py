"""Lanes in Redis: one Lua script for each verb, one round trip for each call.

Everything here is translation between the vocabulary and the scripts' arguments; what the verbs mean stands
in `lua/`, and what may be relied upon in `worker.ports`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from worker import clues
from worker.commands import Command, encode, guard_of
from worker.errors import KeyConflict, LaneFull, Overtaken
from worker.interactions import Interaction, State
from worker.lanes import (
    Appended,
    Backlog,
    Burial,
    Claim,
    Deferral,
    Held,
    Partition,
    Settlement,
    Way,
    channel_of,
    partition_of,
)
from worker.store import seen, wire
from worker.store.keys import Keys
from worker.store.limits import CLUE_CAP, HISTORY_CAP, RECENT_CAP, RING_PATIENCE_MS, UNSAID
from worker.store.link import Linked
from worker.store.scripts import Script

_APPEND: Final = Script.named("append", behind=("pace", "trail"))
_CLAIM: Final = Script.named("claim", behind=("gate",))
_RENEW: Final = Script.named("renew")
_CONFIRM: Final = Script.named("confirm")
_SETTLE: Final = Script.named("settle", behind=("gate", "pace", "trail"))
_DEFER: Final = Script.named("defer", behind=("gate", "pace"))
_BURY: Final = Script.named("bury", behind=("gate", "pace"))
_HOLD: Final = Script.named("hold")
_PAUSE: Final = Script.named("pause")
_RESUME: Final = Script.named("resume")
_HASTEN: Final = Script.named("hasten")
_BACKLOG: Final = Script.named("backlog")

#: How long a settlement waits for others to travel with, in seconds: where the lane's next call waits for it,
#: and where nobody does.
_AWAITED_S: Final = 0.004
_UNAWAITED_S: Final = 0.02
#: Lanes hastened by one script: bounds how long others wait behind it.
_HASTEN_AT_ONCE: Final = 500


class RedisLanes(Linked):
    """Implements `worker.ports.Lanes` for the event loop in which it is used."""

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        service, lane, key = command.service, command.external_id, command.idempotency_key
        fingerprint = command.fingerprint
        limits = self._link.limits.service(service)
        keys = Keys.of(partition_of(service, lane, limits.partitions))
        before, after = wire.received(command, now)
        word, *answer = await self._link.run(
            _APPEND,
            _append_keys(keys, command, limits.senders),
            wire.millis(now),
            lane,
            receipt_id,
            fingerprint,
            encode(command),
            limits.window_ms(command.channel),
            limits.lane_cap,
            before,
            after,
            HISTORY_CAP,
            RING_PATIENCE_MS,
            key,
            wire.millis(guard.idle_since) if (guard := guard_of(command)) else "",
            seen.digest(key),
            seen.fingerprint(fingerprint),
            seen.receipt(receipt_id),
            seen.conversation(key, lane),
            limits.longest_window_ms,
            command.channel,
            limits.ended_retention_ms,
            RECENT_CAP,
            CLUE_CAP,
        )
        if word in {b"conflict", b"full", b"overtaken"}:
            raise _refusal(command, word, answer)
        said, ring = answer
        return Appended(seen.answer(service, lane, key, said, duplicate=word == b"duplicate"), bool(ring))

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
            (keys.due, keys.gate, keys.out, keys.bell, keys.token(token)),
            wire.millis(now),
            limit,
            _ms(lease),
            keys.prefix,
            self._link.limits.window,
            self._link.limits.awake_ms,
            int(leaving),
            self._gate(partition.service),
        )
        return tuple(_claim(partition, row, now + lease) for row in rows)

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """See `worker.ports.Lanes.renew`."""
        keys, lane, until = Keys.of(claim.partition), claim.external_id, now + lease
        renewed = await self._link.run(
            _RENEW,
            (keys.row(lane), keys.due, keys.out),
            wire.millis(now),
            lane,
            claim.fence,
            wire.millis(until),
        )
        return until if renewed else None

    async def confirm(self, claim: Claim) -> Way:
        """See `worker.ports.Lanes.confirm`."""
        keys, lane = Keys.of(claim.partition), claim.external_id
        way = await self._link.run(_CONFIRM, (keys.row(lane), keys.lane(lane), keys.unswept), claim.fence)
        return Way(way.decode())

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """See `worker.ports.Lanes.settle`."""
        keys, lane = Keys.of(claim.partition), claim.external_id
        known = settlement.interaction.interaction_id
        word = await self._link.run(
            _SETTLE,
            (
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.active,
                keys.history(lane),
                keys.keys(lane),
                keys.gate,
                keys.out,
                keys.pace,
                keys.outbox,
                *([keys.clue(clues.of_interaction(known))] if known else ()),
            ),
            wire.millis(now),
            lane,
            claim.fence,
            settlement.sequence,
            wire.record(settlement.interaction),
            int(settlement.keep),
            _ms(lease),
            _activity(settlement, now),
            self._link.limits.service(claim.partition.service).ended_retention_ms,
            HISTORY_CAP,
            settlement.calls,
            self._gate(claim.partition.service),
            CLUE_CAP,
            len(settlement.notices),
            *map(wire.notice, settlement.notices),
            *map(wire.line, settlement.entries),
            # its hand makes another lane's call already
            patience_s=_AWAITED_S if settlement.keep else _UNAWAITED_S,
        )
        return Held(word.decode())

    async def defer(self, claim: Claim, deferral: Deferral, *, now: datetime) -> Held:
        """See `worker.ports.Lanes.defer`."""
        keys, lane = Keys.of(claim.partition), claim.external_id
        word = await self._link.run(
            _DEFER,
            (keys.row(lane), keys.due, keys.history(lane), keys.gate, keys.out, keys.pace),
            wire.millis(now),
            lane,
            claim.fence,
            wire.millis(deferral.due),
            int(deferral.suspect),
            int(deferral.counted),
            int(deferral.failed),
            deferral.calls,
            wire.line(deferral.entry) if deferral.entry else "",
            HISTORY_CAP,
            self._gate(claim.partition.service),
            channel_of(claim),
        )
        return Held(word.decode())

    async def bury(self, claim: Claim, burial: Burial, *, now: datetime) -> Held:
        """See `worker.ports.Lanes.bury`."""
        keys, lane, letter = Keys.of(claim.partition), claim.external_id, burial.letter
        word = await self._link.run(
            _BURY,
            (
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.history(lane),
                keys.dead,
                keys.letter(letter.id),
                keys.gate,
                keys.out,
                keys.active,
                keys.keys(lane),
                keys.pace,
                keys.outbox,
            ),
            wire.millis(now),
            lane,
            claim.fence,
            letter.sequence,
            letter.id,
            letter.model_dump_json(),
            wire.line(burial.entry),
            int(burial.park),
            HISTORY_CAP,
            int(burial.failed),
            burial.calls,
            self._gate(claim.partition.service),
            self._link.limits.service(claim.partition.service).ended_retention_ms,
            letter.head.model_dump_json(),
            letter.command.channel,
            *map(wire.notice, burial.notices),
        )
        return Held(word.decode())

    async def hold(self, service: str, *, until: datetime, reason: str) -> None:
        """See `worker.ports.Lanes.hold`."""
        for keys in self._shares(service):
            await self._link.run(_HOLD, (keys.gate,), wire.millis(until), reason)

    async def pause(self, service: str, *, reason: str) -> None:
        """See `worker.ports.Lanes.pause`."""
        for keys in self._shares(service):
            await self._link.run(_PAUSE, (keys.gate,), reason.strip() or UNSAID)

    async def resume(self, service: str) -> None:
        """See `worker.ports.Lanes.resume`."""
        for keys in self._shares(service):
            await self._link.run(_RESUME, (keys.gate,))

    async def hasten(self, service: str, *, external_id: str = "", now: datetime) -> int:
        """See `worker.ports.Lanes.hasten`."""
        partitions = self._link.limits.service(service).partitions
        shares = self._shares(service)
        if external_id:
            shares = [Keys.of(partition_of(service, external_id, partitions))]
        hastened = 0
        for keys in shares:
            found = _HASTEN_AT_ONCE
            while found == _HASTEN_AT_ONCE:
                found = await self._link.run(
                    _HASTEN, (keys.due,), wire.millis(now), keys.prefix, external_id, _HASTEN_AT_ONCE
                )
                hastened += found
        return hastened

    async def backlog(self, partition: Partition, *, now: datetime) -> Backlog:
        """See `worker.ports.Lanes.backlog`."""
        keys = Keys.of(partition)
        due, lanes, oldest, until, reason, paused, ajar, dead, in_flight, untold = await self._link.run(
            _BACKLOG, (keys.due, keys.gate, keys.dead, keys.out, keys.outbox), wire.millis(now)
        )
        return Backlog(
            due=due,
            lanes=lanes,
            oldest=wire.moment(float(oldest)) if oldest else None,
            held_until=wire.moment(float(until)) if until else None,
            held_because=(reason or b"").decode(),
            paused=paused.decode(),
            probing=bool(ajar) and not until,
            dead=dead,
            in_flight=in_flight,
            untold=untold,
        )

    def _gate(self, service: str) -> str:
        return self._link.limits.service(service).gate.packed


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _activity(settlement: Settlement, now: datetime) -> int | str:
    """Return what `settle` makes of an interaction's last activity."""
    if settlement.interaction.state is not State.OPEN:
        return ""
    return "=" if settlement.quiet else wire.millis(now)


def _append_keys(keys: Keys, command: Command, senders: Sequence[str]) -> tuple[str, ...]:
    """Return the keys that `append` works on, in its order."""
    lane, key = command.external_id, command.idempotency_key
    return (
        keys.told(seen.bucket(key)),
        keys.lane(lane),
        keys.row(lane),
        keys.due,
        keys.active,
        keys.history(lane),
        keys.bell,
        keys.keys(lane),
        keys.pace,
        keys.seen(key),
        keys.recent,
        *map(keys.clue, clues.of_command(command, senders)),
    )


def _refusal(command: Command, word: bytes, answer: list[Any]) -> KeyConflict | LaneFull | Overtaken:
    """Return why `append` took nothing: `{waiting commands}`, or `{what was said first}`."""
    lane = command.external_id
    if word == b"overtaken":
        return Overtaken(lane)
    if word == b"full":
        return LaneFull(f"{answer[0]} commands already wait for {lane!r} of service {command.service!r}")
    first = seen.read(command.service, lane, command.idempotency_key, answer[0])
    conversation = first.receipt.external_id
    return KeyConflict(
        command.idempotency_key,
        first=first.fingerprint,
        second=command.fingerprint,
        elsewhere=conversation if conversation != lane else "",
    )


def _claim(partition: Partition, row: Any, lease_until: datetime) -> Claim:  # noqa: ANN401 - Redis answers in any shape
    lane, fence, attempt, suspect, record, commands, stolen = row
    external_id = lane.decode()
    interaction = wire.interaction(partition.service, external_id, record)
    queued = [wire.queued(item) for item in commands]
    if interaction is None:
        # A newer bridge wrote the row: its commands are left to a worker that can read it.
        interaction = Interaction(service=partition.service, external_id=external_id)
        queued = [replace(each, command=None) for each in queued]
    return Claim(
        partition=partition,
        external_id=external_id,
        fence=fence,
        attempt=attempt,
        suspect=bool(suspect),
        interaction=interaction,
        commands=tuple(queued),
        lease_until=lease_until,
        stolen=bool(stolen),
    )
