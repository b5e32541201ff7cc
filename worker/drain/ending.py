"""Endings: how the verdict on a command is written to the store and told to the listeners."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter

from pydantic import JsonValue

from worker.commands import Command, Create, guard_of
from worker.drain.desk import Desk
from worker.events import (
    BreakerOpened,
    CommandApplied,
    CommandBuried,
    CommandDeferred,
    ServiceHeld,
    ServicePaused,
)
from worker.interactions import Interaction, State
from worker.lanes import Burial, Claim, Deferral, Entry, Held, Queued, Settlement
from worker.letters import IN_DOUBT, DeadCommand
from worker.news import of_burial, of_change
from worker.notices import Notice, NoticeKind
from worker.verdicts import Again, Applied, Bury, Ending, Hold, Pause


@dataclass(frozen=True, slots=True)
class Head:
    """What is delivered as one from the head of a claimed lane: a command, or updates merged into one."""

    claim: Claim
    #: The commands as they were accepted, oldest first.
    members: tuple[Queued, ...]
    #: What is delivered.
    command: Command
    #: The ledger row before the command.
    interaction: Interaction
    attempt: int

    @property
    def sequence(self) -> int:
        """The number of the last command that this delivers."""
        return self.members[-1].sequence


@dataclass(frozen=True, slots=True)
class Ended:
    """A verdict that ends the present look, and the calls that led to it."""

    verdict: Ending
    #: One line of evidence for each call.
    calls: tuple[Mapping[str, JsonValue], ...] = ()


async def write(desk: Desk, head: Head, ended: Ended, *, keep: bool) -> Held:
    """Write the ending; `keep` asks to go on with the lane where the ending allows it."""
    match ended.verdict:
        case Applied():
            return await _settle(desk, head, ended, ended.verdict, keep=keep)
        case Again():
            return await _defer(desk, head, ended, ended.verdict)
        case Hold():
            return await _hold(desk, head, ended, ended.verdict)
        case Pause():
            return await _pause(desk, head, ended, ended.verdict)
        case Bury():
            return await _bury(desk, head, ended, ended.verdict)


async def _settle(desk: Desk, head: Head, ended: Ended, applied: Applied, *, keep: bool) -> Held:
    now = desk.clock()
    *merged, last = head.members
    entries = [_entry(now, each, "merged", {"into": last.sequence}) for each in merged]
    entries.append(_entry(now, last, "applied", _evidence(head, ended, note=applied.note)))
    settlement = Settlement(
        head.sequence,
        applied.interaction,
        tuple(entries),
        len(ended.calls),
        keep,
        quiet=guard_of(head.command) is not None,
        notices=_changes(desk, head, applied, now),
    )
    began = perf_counter()
    held = await desk.lanes.settle(head.claim, settlement, lease=desk.lease, now=now)
    if held is not Held.STALE:
        if settlement.notices:
            desk.written(head.claim.partition)
        desk.listen(
            CommandApplied(
                service=desk.service,
                external_id=head.claim.external_id,
                sequence=head.sequence,
                kind=head.command.kind,
                note=applied.note,
                attempt=head.attempt,
                merged=len(merged),
                trace_id=head.command.trace_id,
                first=head.members[0].sequence,
                joined=tuple((each.sequence, _trace(each)) for each in head.members[1:]),
                waited_s=(now - head.members[0].accepted_at).total_seconds(),
                wrote_ms=(perf_counter() - began) * 1000,
            )
        )
    return held


async def _defer(desk: Desk, head: Head, ended: Ended, again: Again) -> Held:
    wait = timedelta(seconds=again.delay_s)
    held = await _put_back(
        desk,
        head,
        ended,
        wait,
        again.reason,
        suspect=again.suspect,
        counted=again.counted,
        failed=again.failed,
    )
    if held is Held.TRIPPED:
        desk.listen(BreakerOpened(desk.service, again.reason))
    return held


async def _hold(desk: Desk, head: Head, ended: Ended, hold: Hold) -> Held:
    wait = timedelta(seconds=hold.delay_s)
    until = desk.clock() + wait
    await desk.lanes.hold(desk.service, until=until, reason=hold.reason)
    desk.listen(ServiceHeld(desk.service, hold.reason, until))
    own_wait = max(wait, timedelta(seconds=hold.own_delay_s))
    return await _put_back(
        desk, head, ended, own_wait, hold.reason, suspect=hold.suspect, counted=False, failed=False
    )


async def _pause(desk: Desk, head: Head, ended: Ended, pause: Pause) -> Held:
    await desk.lanes.pause(desk.service, reason=pause.reason)
    desk.listen(ServicePaused(desk.service, pause.reason))
    return await _put_back(
        desk, head, ended, timedelta(), pause.reason, suspect=False, counted=False, failed=False
    )


async def _put_back(
    desk: Desk,
    head: Head,
    ended: Ended,
    wait: timedelta,
    reason: str,
    *,
    suspect: bool,
    counted: bool,
    failed: bool,
) -> Held:
    now = desk.clock()
    due = now + wait
    detail = _evidence(head, ended, reason=reason, due=due.isoformat())
    deferral = Deferral(
        due=due,
        suspect=suspect,
        counted=counted,
        failed=failed,
        calls=len(ended.calls),
        entry=_entry(now, head.members[0], "deferred", detail),
    )
    began = perf_counter()
    held = await desk.lanes.defer(head.claim, deferral, now=now)
    if held is not Held.STALE:
        desk.listen(
            CommandDeferred(
                service=desk.service,
                external_id=head.claim.external_id,
                sequence=head.members[0].sequence,
                reason=reason,
                due=due,
                attempt=head.attempt,
                trace_id=head.command.trace_id,
                wrote_ms=(perf_counter() - began) * 1000,
            )
        )
    return held


async def _bury(desk: Desk, head: Head, ended: Ended, bury: Bury) -> Held:
    now, command, buried = desk.clock(), head.command, head.members[0]
    reason = f"{bury.reason}; {IN_DOUBT}" if bury.doubt else bury.reason
    letter = DeadCommand(
        id=desk.ids(),
        cause=bury.cause,
        reason=reason,
        buried_at=now,
        attempts=head.attempt,
        sequence=buried.sequence,
        command=command,
    )
    detail = _evidence(head, ended, cause=bury.cause, reason=reason, letter=letter.id)
    burial = Burial(
        letter=letter,
        entry=_entry(now, buried, "buried", detail),
        # Updates without their interaction help nobody: they wait until a person has dealt with the create.
        park=isinstance(command, Create) and head.interaction.state is not State.OPEN,
        failed=bury.failed,
        calls=len(ended.calls),
        notices=(of_burial(head.interaction, letter),) if NoticeKind.DEAD in desk.watched else (),
    )
    began = perf_counter()
    held = await desk.lanes.bury(head.claim, burial, now=now)
    if held is Held.TRIPPED:
        desk.listen(BreakerOpened(desk.service, bury.reason))
    if held is not Held.STALE:
        if burial.notices:
            desk.written(head.claim.partition)
        desk.listen(
            CommandBuried(
                service=desk.service,
                external_id=head.claim.external_id,
                sequence=buried.sequence,
                cause=bury.cause,
                reason=reason,
                letter_id=letter.id,
                trace_id=command.trace_id,
                wrote_ms=(perf_counter() - began) * 1000,
            )
        )
    return held


def _changes(desk: Desk, head: Head, applied: Applied, now: datetime) -> tuple[Notice, ...]:
    if not desk.watched:
        return ()
    before, after, sequence = head.interaction, applied.interaction, head.sequence
    news = of_change(before, after, head.command, sequence=sequence, note=applied.note, at=now)
    return tuple(each for each in news if each.kind in desk.watched)


def _evidence(head: Head, ended: Ended, **facts: JsonValue) -> dict[str, JsonValue]:
    """What an operator needs to see of one look at a command."""
    return {**facts, "attempt": head.attempt, "calls": [dict(call) for call in ended.calls]}


def _entry(at: datetime, queued: Queued, event: str, detail: Mapping[str, JsonValue]) -> Entry:
    return Entry(at=at, event=event, sequence=queued.sequence, trace_id=_trace(queued), detail=detail)


def _trace(queued: Queued) -> str:
    return queued.command.trace_id if queued.command else ""
