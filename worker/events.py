"""Events: the facts the bridge reports while it works. Instruments (logs, later metrics) listen.

No event carries a body, a secret or an address.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CommandAccepted:
    """A command stands in its lane."""

    service: str
    channel: str
    external_id: str
    kind: str
    sequence: int
    receipt_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class CommandRepeated:
    """A command came again and got its first receipt."""

    service: str
    channel: str
    external_id: str
    kind: str
    sequence: int
    receipt_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A call to the API came to an end."""

    service: str
    external_id: str
    operation: str
    purpose: str
    outcome: str
    status: int | None
    detail: str
    request_id: str
    elapsed_ms: float
    trace_id: str


@dataclass(frozen=True, slots=True)
class CommandApplied:
    """A command took effect, or needed none."""

    service: str
    external_id: str
    sequence: int
    kind: str
    note: str
    attempt: int
    #: How many older updates went out with it.
    merged: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class CommandDeferred:
    """A command will be looked at again."""

    service: str
    external_id: str
    sequence: int
    reason: str
    due: datetime
    attempt: int
    trace_id: str


@dataclass(frozen=True, slots=True)
class CommandBuried:
    """A command went to the dead letters."""

    service: str
    external_id: str
    sequence: int
    cause: str
    reason: str
    letter_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class LetterReplayed:
    """A person brought a dead command back into its lane."""

    service: str
    channel: str
    external_id: str
    #: The command's number in its lane now.
    sequence: int
    cause: str
    letter_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class LetterDiscarded:
    """A person gave a dead letter up, or a delivery was read again and its letter is no longer needed."""

    service: str
    channel: str
    #: Empty for a delivery, which belongs to no conversation.
    external_id: str
    sequence: int
    cause: str
    reason: str
    letter_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class StoreDoubtful:
    """The store was accepted, but could lose what it acknowledged."""

    reason: str


@dataclass(frozen=True, slots=True)
class ServiceHeld:
    """A whole service waits."""

    service: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class BreakerOpened:
    """So many calls failed that the whole service is left alone for a while."""

    service: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """A holder found that its lane was no longer its own, and stopped."""

    service: str
    external_id: str
    fence: int


@dataclass(frozen=True, slots=True)
class RingFailed:
    """A wake-up could not be sent; the next tick sends another."""

    service: str
    partition: int
    reason: str


@dataclass(frozen=True, slots=True)
class DrainFailed:
    """A lane's delivery broke on a fault of ours; the lane is taken over after its lease."""

    service: str
    external_id: str
    reason: str


Event = (
    CommandAccepted
    | CommandRepeated
    | CallAnswered
    | CommandApplied
    | CommandDeferred
    | CommandBuried
    | LetterReplayed
    | LetterDiscarded
    | StoreDoubtful
    | ServiceHeld
    | BreakerOpened
    | LeaseLost
    | RingFailed
    | DrainFailed
)
