"""Endings: how the verdict on a command is written to the store and told to the listeners."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from worker.commands import Command, Create
from worker.drain.desk import Desk
from worker.events import CommandApplied, CommandBuried, CommandDeferred, ServiceHeld
from worker.interactions import Interaction, State
from worker.lanes import Claim, Deferral, Entry, Held, Settlement
from worker.letters import DeadCommand
from worker.verdicts import Again, Applied, Bury, Ending, Hold


@dataclass(frozen=True, slots=True)
class Head:
    """The command at the head of a claimed lane, and where it stands."""

    claim: Claim
    sequence: int
    command: Command
    #: The ledger row before the command.
    interaction: Interaction
    attempt: int


async def write(desk: Desk, head: Head, ending: Ending, *, keep: bool) -> Held:
    """Write the ending; `keep` asks to go on with the lane where the ending allows it."""
    match ending:
        case Applied():
            return await _settle(desk, head, ending, keep=keep)
        case Again():
            return await _defer(desk, head, ending)
        case Hold():
            return await _hold(desk, head, ending)
        case Bury():
            return await _bury(desk, head, ending)


async def _settle(desk: Desk, head: Head, applied: Applied, *, keep: bool) -> Held:
    entry = _entry(desk, head, "applied", {"note": applied.note, "attempt": head.attempt})
    settlement = Settlement(head.sequence, applied.interaction, entry, keep)
    held = await desk.lanes.settle(head.claim, settlement, lease=desk.lease, now=desk.clock())
    if held is not Held.STALE:
        desk.listen(
            CommandApplied(
                service=desk.service,
                external_id=head.claim.external_id,
                sequence=head.sequence,
                kind=head.command.kind,
                note=applied.note,
                attempt=head.attempt,
                trace_id=head.command.trace_id,
            )
        )
    return held


async def _defer(desk: Desk, head: Head, again: Again) -> Held:
    wait = timedelta(seconds=again.delay_s)
    return await _put_back(desk, head, wait, again.reason, suspect=again.suspect, counted=again.counted)


async def _hold(desk: Desk, head: Head, hold: Hold) -> Held:
    wait = timedelta(seconds=hold.delay_s)
    until = desk.clock() + wait
    await desk.lanes.hold(desk.service, until=until, reason=hold.reason)
    desk.listen(ServiceHeld(desk.service, hold.reason, until))
    return await _put_back(desk, head, wait, hold.reason, suspect=hold.suspect, counted=False)


async def _put_back(
    desk: Desk, head: Head, wait: timedelta, reason: str, *, suspect: bool, counted: bool
) -> Held:
    due = desk.clock() + wait
    entry = _entry(
        desk, head, "deferred", {"reason": reason, "due": due.isoformat(), "attempt": head.attempt}
    )
    held = await desk.lanes.defer(head.claim, Deferral(due, suspect, counted, entry))
    if held is not Held.STALE:
        desk.listen(
            CommandDeferred(
                service=desk.service,
                external_id=head.claim.external_id,
                sequence=head.sequence,
                reason=reason,
                due=due,
                attempt=head.attempt,
                trace_id=head.command.trace_id,
            )
        )
    return held


async def _bury(desk: Desk, head: Head, bury: Bury) -> Held:
    now, command = desk.clock(), head.command
    letter = DeadCommand(
        id=desk.ids(),
        cause=bury.cause,
        reason=bury.reason,
        buried_at=now,
        attempts=head.attempt,
        sequence=head.sequence,
        command=command,
    )
    # Updates without their interaction help nobody: they wait until a person has dealt with the create.
    park = isinstance(command, Create) and head.interaction.state is not State.OPEN
    detail = {"cause": bury.cause, "reason": bury.reason, "letter": letter.id}
    entry = _entry(desk, head, "buried", detail)
    held = await desk.lanes.bury(head.claim, letter, entry, park=park, now=now)
    if held is not Held.STALE:
        desk.listen(
            CommandBuried(
                service=desk.service,
                external_id=head.claim.external_id,
                sequence=head.sequence,
                cause=bury.cause,
                reason=bury.reason,
                letter_id=letter.id,
                trace_id=command.trace_id,
            )
        )
    return held


def _entry(desk: Desk, head: Head, event: str, detail: Mapping[str, JsonValue]) -> Entry:
    return Entry(
        at=desk.clock(),
        event=event,
        sequence=head.sequence,
        trace_id=head.command.trace_id,
        detail=detail,
    )
