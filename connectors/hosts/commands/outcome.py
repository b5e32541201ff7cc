"""Outcome: what became of a command, read from what the store knows of its conversation. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, Field, JsonValue

from worker.commands import ExternalId, Name
from worker.frozen import Frozen
from worker.interactions import State
from worker.lanes import Entry, LaneView


class Fate(StrEnum):
    """Where a command stands."""

    WAITING = "waiting"  #: in its lane: not tried yet, being tried, or backing off
    APPLIED = "applied"  #: took effect, or needed none; `note` says which
    MERGED = "merged"  #: took effect together with a later update
    BURIED = "buried"  #: a dead letter: a person must look
    DISCARDED = "discarded"  #: was a dead letter, and a person gave it up
    FORGOTTEN = "forgotten"  #: long done, and the history no longer tells how


class Outcome(Frozen):
    """What became of one command."""

    service: Name
    external_id: ExternalId
    sequence: int = Field(description="The command's number within its conversation, from 1.")
    state: Fate
    at: AwareDatetime | None = Field(default=None, description="When that was written.")
    note: str = Field(default="", description="How it was applied: created, adopted, updated, stopped…")
    merged_into: int | None = Field(default=None, description="The command with which it went out.")
    attempts: int = Field(default=0, description="How often it was tried, where that is known.")
    due: AwareDatetime | None = Field(default=None, description="When a waiting lane is looked at next.")
    parked: bool = Field(default=False, description="Whether it waits behind a buried create.")
    reason: str = Field(default="", description="Why it waits, was buried or was given up.")
    cause: str = Field(default="", description="The dead letter's group: rejected, exhausted, conflict…")
    letter: str = Field(default="", description="The dead letter's id, as `bridge dead show` knows it.")
    interaction_id: str | None = Field(default=None, description="The API's id of the present interaction.")
    interaction_state: State = Field(default=State.NEW, description="Where the interaction stands.")

    @property
    def is_known(self) -> bool:
        """Whether the command is out of its lane."""
        return self.state is not Fate.WAITING

    @property
    def stands_still(self) -> bool:
        """Whether nobody but a person can change it any more."""
        return self.is_known or self.parked


_ENDS: Final = {
    "applied": Fate.APPLIED,
    "merged": Fate.MERGED,
    "buried": Fate.BURIED,
    "discarded": Fate.DISCARDED,
}


def outcome_of(view: LaneView, sequence: int) -> Outcome | None:
    """Return what became of a command of a conversation; None when it has no such command.

    The view needs no more of the waiting commands than the head.
    """
    if not 1 <= sequence <= view.accepted:
        return None
    lines = [line for line in view.history if line.sequence == sequence]
    last = lines[-1] if lines else None
    known = Outcome(
        service=view.interaction.service,
        external_id=view.interaction.external_id,
        sequence=sequence,
        state=Fate.FORGOTTEN,
        interaction_id=view.interaction.interaction_id,
        interaction_state=view.interaction.state,
    )
    if last is not None and last.event in _ENDS:
        return known.model_copy(update={"state": _ENDS[last.event], **_told(last)})
    head = view.pending[0].sequence if view.pending else None
    if head is None or head > sequence:
        return known
    waiting = {"state": Fate.WAITING, "parked": view.parked}
    if head == sequence:
        waiting |= {"attempts": view.attempt, "due": view.due}
    return known.model_copy(update={**waiting, **_told(last)})


def _told(line: Entry | None) -> dict[str, object]:
    """Return what a line of history says, in the outcome's words."""
    if line is None:
        return {}
    detail = line.detail
    told: dict[str, object] = {"at": line.at}
    told |= {name: _text(detail.get(name)) for name in ("note", "reason", "cause", "letter")}
    if isinstance(into := detail.get("into"), int):
        told["merged_into"] = into
    if isinstance(attempts := detail.get("attempt"), int):
        told["attempts"] = attempts
    return told


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


class HistoryLine(Frozen):
    """One thing that happened to a conversation."""

    at: AwareDatetime
    event: str
    sequence: int
    note: str = ""
    reason: str = ""


def told_history(history: Sequence[Entry]) -> tuple[HistoryLine, ...]:
    """Return the history without the evidence of single calls, which is for operators."""
    return tuple(
        HistoryLine(
            at=line.at,
            event=line.event,
            sequence=line.sequence,
            note=_text(line.detail.get("note")),
            reason=_text(line.detail.get("reason")),
        )
        for line in history
    )
