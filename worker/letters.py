"""Dead letters: what needs a person, kept whole with its evidence."""

from pydantic import AwareDatetime, ConfigDict, Field

from worker.commands import Command, Name
from worker.frozen import Frozen

#: The cause of every delivery that could not be understood.
UNREADABLE = "unreadable"
#: Ends the reason of a command whose burial is no proof that nothing happened.
IN_DOUBT = "it may have taken effect before"


class LetterHead(Frozen):
    """A dead letter without what it carries: enough to list it, to choose it and to give it up."""

    id: str
    service: Name
    channel: Name
    #: The group it belongs to: rejected, exhausted, conflict, missing, ended, unreadable.
    cause: str
    reason: str
    buried_at: AwareDatetime
    #: The conversation it belongs to, empty when nobody could tell.
    external_id: str = ""
    #: Of the command in its conversation; 0 of a delivery.
    sequence: int = 0
    trace_id: str = ""


class DeadCommand(Frozen):
    """A command that could not be applied."""

    id: str
    #: The group it belongs to: rejected, exhausted, conflict, missing, ended.
    cause: str
    #: One sentence with what the last answer said.
    reason: str
    buried_at: AwareDatetime
    attempts: int
    sequence: int
    command: Command

    @property
    def head(self) -> LetterHead:
        """The letter without what it carries."""
        return LetterHead(
            id=self.id,
            service=self.command.service,
            channel=self.command.channel,
            cause=self.cause,
            reason=self.reason,
            buried_at=self.buried_at,
            external_id=self.command.external_id,
            sequence=self.sequence,
            trace_id=self.command.trace_id,
        )


class Unreadable(Frozen):
    """A delivery that was proved genuine but could not be understood, byte for byte."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    id: str
    service: Name
    channel: Name
    reason: str
    arrived_at: AwareDatetime
    peer: str = ""
    headers: tuple[tuple[str, str], ...] = Field(default=(), repr=False)
    #: Where it was sent, for HTTP: a channel's rules may ask for the query.
    url: str = Field(default="", repr=False)
    #: The exact bytes; base64 in JSON.
    body: bytes = Field(repr=False)

    @property
    def head(self) -> LetterHead:
        """The letter without what it carries."""
        return LetterHead(
            id=self.id,
            service=self.service,
            channel=self.channel,
            cause=UNREADABLE,
            reason=self.reason,
            buried_at=self.arrived_at,
        )
