"""Lanes: the ordered, unfinished commands of each interaction, and what is said about them."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, JsonValue, SkipValidation

from worker.commands import Command, ExternalId, Name
from worker.frozen import Frozen
from worker.interactions import Interaction
from worker.letters import DeadCommand, LetterHead
from worker.notices import Notice


@dataclass(frozen=True, slots=True)
class Partition:
    """A share of a service's lanes. All keys of a partition live in one Redis Cluster slot."""

    service: str
    index: int


def partition_of(service: str, external_id: str, partitions: int) -> Partition:
    """Return where a conversation lives; stable for ever, so `partitions` is fixed once data exists."""
    return Partition(service, zlib.crc32(external_id.encode()) % partitions)


class Receipt(Frozen):
    """What a sender is told about an accepted command; the same message always gets the first one."""

    id: str
    service: Name
    external_id: ExternalId
    #: The command's number within its conversation, from 1.
    sequence: int
    #: How many commands stood before it in the lane when it was accepted.
    position: int
    accepted_at: AwareDatetime
    #: Whether this answer repeats an earlier one.
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said under an idempotency key."""

    #: The first receipt, which every duplicate gets again.
    receipt: Receipt
    #: Of the content that was accepted; another one under the same key is a conflict.
    fingerprint: str
    #: The end of the key's window; a conversation that is still open then remembers it until it ends.
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Appended:
    """A receipt, and whether somebody should be woken."""

    receipt: Receipt
    ring: bool


class Entry(Frozen):
    """One line of an interaction's history."""

    at: AwareDatetime
    #: What happened, in one word of the glossary: received, applied, deferred, buried…
    event: str
    sequence: int
    trace_id: str = ""
    #: JSON as it stands: whoever writes it has looked at it, and a delivery is not to pay for a second look.
    detail: SkipValidation[Mapping[str, JsonValue]] = Field(default_factory=dict)

    @classmethod
    def of_discarded(cls, head: LetterHead, *, at: datetime, reason: str) -> Self:
        """Return the line that a letter leaves which was given up."""
        detail = {"letter": head.id, "reason": reason}
        return cls(at=at, event="discarded", sequence=head.sequence, trace_id=head.trace_id, detail=detail)


@dataclass(frozen=True, slots=True)
class Queued:
    """A command in its lane; `command` is None where a newer bridge wrote what we cannot read."""

    sequence: int
    receipt_id: str
    accepted_at: datetime
    command: Command | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one lane until the lease ends, proved by the fence."""

    partition: Partition
    #: The lane's conversation.
    external_id: str
    #: Grows with every claim of the lane; a holder with an old one can no longer write.
    fence: int
    #: How many claims have tried the head, this one included.
    attempt: int
    #: Whether an earlier holder may have called the API for the head: outcome unknown.
    suspect: bool
    interaction: Interaction
    #: The head of the lane and some that follow it.
    commands: tuple[Queued, ...]
    lease_until: datetime
    #: Whether it was taken from an earlier holder who never gave it back.
    stolen: bool = False


def channel_of(claim: Claim) -> str:
    """Return by which channel the head of a claimed lane came, empty where that cannot be read."""
    head = claim.commands[0].command if claim.commands else None
    return head.channel if head else ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of one command: the ledger row it leaves and the line it writes."""

    #: Everything in the lane up to this sequence number is done.
    sequence: int
    interaction: Interaction
    #: One line for each command that is done.
    entries: tuple[Entry, ...]
    #: How many calls it took, for the gate.
    calls: int
    #: Whether the holder goes on with the lane; otherwise the lane is free for the next claim.
    keep: bool
    #: Whether it leaves the interaction's last activity as it was.
    quiet: bool = False
    #: What subscribers are to be told.
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferral:
    """The head goes back with a time at which to look again."""

    due: datetime
    #: Whether the next look must read before it writes.
    suspect: bool
    #: Whether this try counts against the attempts.
    counted: bool
    #: Whether the service failed, for the gate.
    failed: bool
    #: How many calls were made, for the gate.
    calls: int
    #: The line it writes; none where it would only push out others.
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Burial:
    """The head goes to the dead letters."""

    letter: DeadCommand
    entry: Entry
    #: Whether the lane waits for a person.
    park: bool
    #: Whether the service failed, for the gate.
    failed: bool
    #: How many calls were made, for the gate.
    calls: int
    #: What subscribers are to be told.
    notices: tuple[Notice, ...] = ()


class Held(StrEnum):
    """What became of a lane after its holder wrote."""

    KEPT = "kept"  #: still ours
    WAITING = "waiting"  #: free, and there is more to do
    TRIPPED = "tripped"  #: free, whatever waits, and the failure shut the service's gate
    EMPTY = "empty"  #: free, and nothing waits
    STALE = "stale"  #: it was no longer ours: nothing was written


class Way(StrEnum):
    """Whether a sweep's command may be carried out, said at the last moment."""

    CLEAR = "clear"  #: nothing newer waits
    OVERTAKEN = "overtaken"  #: something newer waits behind it
    PAUSED = "paused"  #: a person paused the sweeps of its service
    STALE = "stale"  #: the lane is no longer the holder's


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a partition, and what holds it up."""

    #: Lanes that somebody should be looking at.
    due: int
    #: Lanes with anything to do: due, backing off or being worked on.
    lanes: int
    #: The time since which the oldest lane has been due, None when nothing is.
    oldest: datetime | None
    #: The end of the service's hold, None when it is not held.
    held_until: datetime | None = None
    held_because: str = ""
    #: Why a person paused the service, empty when nobody did.
    paused: str = ""
    #: Whether one lane at a time tries a service that was held.
    probing: bool = False
    dead: int = 0
    #: Lanes being worked on by all workers; each makes one call at a time.
    in_flight: int = 0
    #: Notices that have not been passed on to the subscriptions.
    untold: int = 0


@dataclass(frozen=True, slots=True)
class LaneView:
    """Everything known of one conversation, for a person to read."""

    interaction: Interaction
    pending: tuple[Queued, ...]
    history: tuple[Entry, ...]
    attempt: int
    #: When somebody looks at it next, None when nothing waits or the lane is parked.
    due: datetime | None
    #: Whether a buried create keeps the lane from moving.
    parked: bool
    #: How many commands the conversation was ever given: the sequence of the last one.
    accepted: int = 0
