"""Interactions: what the ledger knows of each conversation at the API."""

from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime

from worker.commands import ExternalId, Name
from worker.frozen import Frozen


class State(StrEnum):
    """Where an interaction stands, as far as we know."""

    NEW = "new"  #: never created by us, nor seen
    OPEN = "open"  #: live at the API
    ENDED = "ended"  #: stopped, or found gone


class EndedBy(StrEnum):
    """Who ended an interaction."""

    BRIDGE = "bridge"  #: our stop was applied
    SWEEP = "sweep"  #: a sweep's stop was applied; nobody had said that the conversation was over
    ELSEWHERE = "elsewhere"  #: an agent, a strategy, or anybody but us


class Idleness(Frozen):
    """What sweeps did about an open interaction; of no more meaning once there was activity since."""

    #: When it was marked as going to be stopped.
    warned_at: AwareDatetime | None = None
    #: How often a stop found at the last moment that it should be left alone, and when it last did.
    left: int = 0
    left_at: AwareDatetime | None = None


class Interaction(Frozen):
    """One conversation's ledger row. A follow-up is the next generation of the same row."""

    service: Name
    external_id: ExternalId
    state: State = State.NEW
    #: 1 for the first interaction of the conversation; each follow-up adds one.
    generation: int = 1
    #: The API's own id of the current generation, where an answer told us.
    interaction_id: str | None = None
    #: The interaction that the current generation follows up.
    parent_interaction_id: str | None = None
    #: The channel that opened the current generation.
    channel: str | None = None
    opened_at: AwareDatetime | None = None
    #: The last time a command was applied.
    last_activity_at: AwareDatetime | None = None
    #: The `received_at` of the stop, or the time at which we found it gone: the tombstone's date.
    ended_at: AwareDatetime | None = None
    ended_by: EndedBy | None = None
    #: None until a sweep did anything about it.
    idleness: Idleness | None = None

    @property
    def remote_id(self) -> str:
        """The external id of the current generation at the API: the second one is `…~2`."""
        return self.external_id if self.generation == 1 else f"{self.external_id}~{self.generation}"

    def opened(self, *, interaction_id: str | None, channel: str, at: AwareDatetime) -> Self:
        """Return the row after its creation was confirmed."""
        changes = {
            "state": State.OPEN,
            "interaction_id": interaction_id or self.interaction_id,
            "channel": self.channel or channel,
            "opened_at": self.opened_at or at,
            "last_activity_at": at,
            "ended_at": None,
            "ended_by": None,
            "idleness": None,
        }
        return self.model_copy(update=changes)

    def warned(self, *, at: AwareDatetime) -> Self:
        """Return the row after a sweep marked the interaction; that is no activity."""
        idleness = (self.idleness or Idleness()).model_copy(update={"warned_at": at})
        return self.model_copy(update={"idleness": idleness})

    def left_alone(self, *, at: AwareDatetime) -> Self:
        """Return the row after a sweep's stop was not carried out; that is no activity."""
        before = self.idleness or Idleness()
        idleness = before.model_copy(update={"left": before.left + 1, "left_at": at})
        return self.model_copy(update={"idleness": idleness})

    def ended(self, *, by: EndedBy, tombstone: AwareDatetime, at: AwareDatetime) -> Self:
        """Return the row after its end; `tombstone` is the time that late updates are measured against."""
        changes = {
            "state": State.ENDED,
            "ended_by": by,
            "ended_at": tombstone,
            "last_activity_at": at,
            "idleness": None,
        }
        return self.model_copy(update=changes)

    def follow_up(self) -> Self:
        """Return the row of the next generation, not yet created."""
        changes = {
            "state": State.NEW,
            "generation": self.generation + 1,
            "parent_interaction_id": self.interaction_id,
            "interaction_id": None,
            "channel": None,
            "opened_at": None,
            "ended_at": None,
            "ended_by": None,
            "idleness": None,
        }
        return self.model_copy(update=changes)
