"""News: which notices follow from a change of the ledger, or from a burial. Pure."""

import hashlib
from datetime import datetime

from worker.commands import Command
from worker.interactions import EndedBy, Interaction, State
from worker.letters import DeadCommand
from worker.notices import Notice, NoticeKind


def of_change(
    before: Interaction,
    after: Interaction,
    command: Command | None,
    *,
    sequence: int,
    note: str,
    at: datetime,
) -> tuple[Notice, ...]:
    """Return what a change of a ledger row means, in the order in which it happened.

    Every interaction that is told of is first told of as created or as followed up, whatever opened it. One
    change may tell two things: an update that finds its interaction ended elsewhere and opens the next one.

    Args:
        before: The row as it was.
        after: The row as it is written.
        command: What was behind it; None where the bridge found out by itself.
        sequence: The number of that command in its conversation, 0 without one.
        note: How it came about.
        at: When it is written.
    """
    said: dict[str, object] = {"sequence": sequence, "note": note}
    if command is not None:
        said |= {"command": command.kind, "channel": command.channel, "trace_id": command.trace_id}
    moved_on = after.generation != before.generation
    told = []
    if moved_on and before.state is State.OPEN:
        told.append(_notice(NoticeKind.STOPPED, before, at, ended_by=EndedBy.ELSEWHERE.value, **said))
    if kind := _kind(before, after, moved_on=moved_on):
        ended_by = after.ended_by.value if kind is NoticeKind.STOPPED and after.ended_by else ""
        told.append(_notice(kind, after, at, ended_by=ended_by, **said))
    return tuple(told)


def of_burial(row: Interaction, letter: DeadCommand) -> Notice:
    """Return what the burial of a command means."""
    return _notice(
        NoticeKind.DEAD,
        row,
        letter.buried_at,
        sequence=letter.sequence,
        command=letter.command.kind,
        channel=letter.command.channel,
        cause=letter.cause,
        reason=letter.reason,
        letter=letter.id,
        trace_id=letter.command.trace_id,
    )


def _kind(before: Interaction, after: Interaction, *, moved_on: bool) -> NoticeKind | None:
    if after.state is State.OPEN:
        if moved_on or before.state is not State.OPEN:
            return NoticeKind.CREATED if after.generation == 1 else NoticeKind.FOLLOWED_UP
        return NoticeKind.UPDATED if _changed(before, after) else None
    if after.state is State.ENDED and before.state is not State.ENDED:
        # a stop that found nothing where nothing was known of ended nothing
        never_was = before.state is State.NEW and after.ended_by is EndedBy.ELSEWHERE
        return None if never_was else NoticeKind.STOPPED
    return None


def _changed(before: Interaction, after: Interaction) -> bool:
    """Say whether anything was sent: what was dropped or left alone leaves these times as they are."""
    warned_before = before.idleness and before.idleness.warned_at
    warned_after = after.idleness and after.idleness.warned_at
    return after.last_activity_at != before.last_activity_at or (
        warned_after is not None and warned_after != warned_before
    )


def _notice(kind: NoticeKind, row: Interaction, at: datetime, **said: object) -> Notice:
    facts = {
        "kind": kind,
        "at": at,
        "service": row.service,
        "external_id": row.external_id,
        "generation": row.generation,
        "interaction_id": row.interaction_id,
        "parent_interaction_id": row.parent_interaction_id,
        "opened_by": row.channel or "",
        **said,
    }
    return Notice.model_validate({"id": _id(facts), **facts})


def _id(facts: dict[str, object]) -> str:
    """Return an id made of what makes a notice one of its own.

    Its time is part of that: the numbers of a conversation that was forgotten begin again.
    """
    names = ("service", "external_id", "generation", "sequence", "kind", "at", "letter")
    text = "\n".join(str(facts.get(name, "")) for name in names)
    return f"evt_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
