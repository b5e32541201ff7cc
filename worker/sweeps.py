"""Sweeps: what a scheduled look for stale interactions sees, and what is remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, Field

from worker.commands import Name
from worker.frozen import Frozen
from worker.interactions import Interaction

#: The channel by which the commands of sweeps come.
SWEEPER: Final = "sweep"
#: Interactions named in the record of a sweep; each one's own history names its sweep in any case.
NAMED_AT_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order of activity, the longest idle first."""

    since: datetime
    external_id: str


@dataclass(frozen=True, slots=True)
class Idle:
    """An open interaction to which nothing has happened for a while."""

    external_id: str
    #: Its last activity, to the millisecond.
    since: datetime
    #: None where a newer bridge wrote the row.
    interaction: Interaction | None
    #: Commands in its lane.
    waiting: int

    @property
    def cursor(self) -> Cursor:
        """Where it stands."""
        return Cursor(self.since, self.external_id)


class Result(StrEnum):
    """How a sweep ended."""

    DONE = "done"  #: what was stale was stopped
    DRY = "dry"  #: it only looked
    REFUSED = "refused"  #: a guard stood in the way: nothing was stopped


class Named(Frozen):
    """One interaction that a sweep chose."""

    external_id: str
    idle_since: AwareDatetime
    #: What was decided, and why.
    what: str
    why: str


class Sweep(Frozen):
    """What one sweep saw and did."""

    id: str
    service: Name
    at: AwareDatetime
    #: `schedule`, or `person`.
    by: str
    result: Result
    #: Why it was refused, or why it only looked.
    reason: str = ""
    #: Open interactions of the service.
    open: int = 0
    #: Of these, the ones idle long enough to be looked at one by one.
    looked: int = 0
    #: Of these, the ones that were stale.
    stale: int = 0
    #: Whether not all of them were looked at; the next sweep goes on from there.
    partial: bool = False
    #: Stops and warnings that were accepted.
    stops: int = 0
    warnings: int = 0
    #: Those that had been accepted before.
    repeated: int = 0
    #: Those that came too late: something newer had been accepted.
    overtaken: int = 0
    #: Interactions that were left alone, by reason.
    left: Mapping[str, int] = Field(default_factory=dict)
    #: The first ones that were chosen.
    named: tuple[Named, ...] = ()
