"""Arrivals: what came by a channel lately and what its sender was told, without anybody's words."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import AwareDatetime, ConfigDict, StringConstraints, TypeAdapter

from worker.commands import Name

#: Arrivals remembered of each channel, the last ones.
ARRIVALS_CAP: Final = 50


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery and its answer.

    Checked as it is read and not as it is made: each delivery makes one, and few of them are written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    channel: Name
    at: AwareDatetime
    #: What the sender was told, in one word: accepted, duplicate, ignored, refused…
    answer: str
    #: Why, empty where there is nothing to say.
    reason: str = ""
    #: Of its body.
    size_bytes: int = 0
    #: The conversations that its commands belong to.
    external_ids: tuple[str, ...] = ()
    trace_id: str = ""
    #: The dead letter that was kept of it, empty where none was.
    letter: Annotated[str, StringConstraints(max_length=200)] = ""


_ARRIVAL: Final = TypeAdapter(Arrival)


def encode(arrival: Arrival) -> bytes:
    """Return an arrival as JSON, without what it does not say."""
    return _ARRIVAL.dump_json(arrival, exclude_defaults=True)


def decode(stored: bytes | str) -> Arrival:
    """Return the arrival that `encode` wrote; raises pydantic's ValidationError for anything else."""
    return _ARRIVAL.validate_json(stored)
