"""Dead letters: what needs a person, kept whole with its evidence."""

from pydantic import AwareDatetime, ConfigDict, Field

from worker.commands import Command, Name
from worker.frozen import Frozen


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
    #: The exact bytes; base64 in JSON.
    body: bytes = Field(repr=False)
