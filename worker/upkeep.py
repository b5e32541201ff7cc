"""Upkeep: what is said about the store's own order. Is what it holds open still there, and does it add up?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.interactions import Interaction
from worker.lanes import Partition


@dataclass(frozen=True, slots=True)
class Check:
    """The right to look once whether an interaction that the ledger holds open is still there."""

    partition: Partition
    interaction: Interaction
    #: How often its lane had been claimed; more claims since mean that something happened to it.
    fence: int
    #: What the last check saw, empty before the first one.
    seen: str
    #: When it was checked last; before its first check, its last activity.
    before: datetime
    #: Until when the place in the gate is kept for it.
    lease_until: datetime


class Unchecked(StrEnum):
    """Why nothing is checked now."""

    SHUT = "shut"  #: the service is paused or held
    BUSY = "busy"  #: live work needs what the gate has left, or another check is under way: soon
    NONE = "none"  #: everything that is open was checked lately


class Flaw(StrEnum):
    """A contradiction in the store. No verb leaves one, so each is a fault of the bridge, or of a hand."""

    FORGOTTEN = "forgotten"  #: commands wait in a lane that is neither due nor parked: now due
    VACANT = "vacant"  #: a lane is due, but nothing waits: no longer due
    LOOSE = "loose"  #: a parked lane is due: no longer due
    STRANDED = "stranded"  #: a lane is parked by a letter that is not there: it goes on without it
    UNINDEXED = "unindexed"  #: an open interaction is missing in the activity index: now there, active now
    LINGERING = "lingering"  #: the activity index has what is not open: no longer there
    IDLE = "idle"  #: a lane counts as in flight, but nobody holds it: no longer counted
    ENDLESS = "endless"  #: what is over has no end of its keeping: kept for its retention
    MORTAL = "mortal"  #: what is needed was going to be forgotten: kept
    UNLISTED = "unlisted"  #: a dead letter is missing in the list of them: now there
    BLANK = "blank"  #: the list names a dead letter that is not there: no longer named


@dataclass(frozen=True, slots=True)
class Mended:
    """A flaw that was found and mended."""

    partition: Partition
    flaw: Flaw
    #: The conversation, or the dead letter.
    name: str


@dataclass(frozen=True, slots=True)
class Audit:
    """One look at a part of the store; the next one goes on where it ended."""

    #: Conversations and letters that were looked at.
    looked: int
    mended: tuple[Mended, ...]
    #: Whether this look reached the end of the store, so that the next one begins anew.
    whole: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """How far one look at the store has come, for whoever watches."""

    #: Keys, and names in lists of them, that were gone through.
    passed: int
    #: About how many there are.
    total: int
    #: Flaws found so far.
    found: int
