"""Notices: what happened to an interaction, written down for whoever subscribed.

A notice says what happened and where to look; never what a customer wrote.
"""

from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, JsonValue

from worker.frozen import Frozen


class NoticeKind(StrEnum):
    """What happened, as subscribers know it."""

    CREATED = "interaction.created"  #: the first interaction of its conversation is open
    FOLLOWED_UP = "interaction.followed-up"  #: a further one is open, the one before has ended
    UPDATED = "interaction.updated"  #: an open interaction was changed
    STOPPED = "interaction.stopped"  #: it has ended, by whoever's doing
    DEAD = "command.dead"  #: a command could not be applied and needs a person


_WHERE_IT_APPLIES: Final = (
    "command",
    "channel",
    "opened_by",
    "note",
    "ended_by",
    "cause",
    "reason",
    "letter",
    "trace_id",
)


class Notice(Frozen):
    """One thing that happened."""

    #: Unique, the same however often it is told, and without a dot: what a receiver tells repetitions by.
    id: str
    kind: NoticeKind
    at: AwareDatetime
    service: str
    #: The conversation.
    external_id: str
    #: Which interaction of the conversation, from 1.
    generation: int
    #: The API's own id, where an answer told it.
    interaction_id: str | None = None
    parent_interaction_id: str | None = None
    #: The number of the command within its conversation; 0 where no command was behind it.
    sequence: int = 0
    #: The kind of that command: create, update or stop.
    command: str = ""
    #: The channel by which that command came.
    channel: str = ""
    #: The channel that opened the interaction.
    opened_by: str = ""
    #: How it came about, in a word or two: created, adopted, already gone…
    note: str = ""
    #: Who ended it: bridge, sweep or elsewhere.
    ended_by: str = ""
    #: Why a command is dead: the group, the sentence, and the dead letter.
    cause: str = ""
    reason: str = ""
    letter: str = ""
    trace_id: str = ""

    @property
    def told(self) -> dict[str, JsonValue]:
        """What a subscriber is told beside its kind and time: which interaction, and what else applies."""
        always: dict[str, JsonValue] = {
            "service": self.service,
            "external_id": self.external_id,
            "interaction_id": self.interaction_id,
            "parent_interaction_id": self.parent_interaction_id,
            "generation": self.generation,
            "sequence": self.sequence,
        }
        return always | {name: value for name in _WHERE_IT_APPLIES if (value := getattr(self, name))}
