"""Events: the facts the bridge reports while it works. Instruments (logs, later metrics) listen.

No event carries a body, a secret or an address.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from worker.letters import LetterHead
from worker.upkeep_events import (
    Audited,
    AuditRepaired,
    BlobsPruned,
    InteractionDiffers,
    InteractionGone,
    Pruned,
    Reconciled,
    ReconcileDoubted,
    SweepDone,
    SweepRefused,
    UpkeepFailed,
    WorkerStuck,
)


def _measured() -> float:
    """Return the field of a time that was measured: two accounts of the same fact differ in it."""
    measured: float = field(default=0.0, compare=False)
    return measured


@dataclass(frozen=True, slots=True)
class DeliveryAnswered:
    """A delivery came in by a channel, and its sender was told what became of it."""

    service: str
    channel: str
    #: A value of `connectors.base.Answered`.
    answer: str
    trace_id: str
    #: The sender's own span, as 16 hex digits; empty without one.
    parent_id: str
    #: How long the proof took, and all of it together.
    verify_ms: float = _measured()
    elapsed_ms: float = _measured()


@dataclass(frozen=True, slots=True)
class RequestRejected:
    """A door turned a request away before any connector saw it."""

    #: Empty where it belonged to none, as the channel.
    service: str
    channel: str
    #: One word of the door's own table.
    reason: str


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """A client of the command API was answered."""

    #: Empty where no client has it, as the channel where nobody knows the client.
    service: str
    channel: str
    #: The HTTP status.
    status: int
    trace_id: str
    #: The client's own span, as 16 hex digits; empty without one.
    parent_id: str
    #: How long it took to know the client, and all of it together.
    verify_ms: float = _measured()
    elapsed_ms: float = _measured()


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
    #: How long the store took to accept it.
    elapsed_ms: float = _measured()


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
    elapsed_ms: float = _measured()


@dataclass(frozen=True, slots=True)
class LaneClaimed:
    """A lane was taken, to work on what waits in it."""

    service: str
    external_id: str
    #: The number of its first command, and that command's trace.
    sequence: int
    trace_id: str
    attempt: int
    #: Whether it was taken from a holder who never gave it back: the process died, hung or was cut off.
    stolen: bool
    #: How long the claim took, for this lane and those that were taken with it.
    elapsed_ms: float = _measured()


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
    #: The number of the command it was for; 0 where it was for none.
    sequence: int = 0


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
    #: The number of the oldest command that went out with it: the trace is that one's.
    first: int = field(default=0, compare=False)
    #: The numbers and traces of the others that went out with it.
    joined: tuple[tuple[int, str], ...] = field(default=(), compare=False)
    #: From the acceptance of that one to here.
    waited_s: float = _measured()
    #: How long the store took to write it.
    wrote_ms: float = _measured()


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
    wrote_ms: float = _measured()


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
    wrote_ms: float = _measured()


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
    """A dead letter was given up: by a person, by its age, or because its delivery was read again."""

    service: str
    channel: str
    #: Empty for a delivery, which belongs to no conversation.
    external_id: str
    sequence: int
    cause: str
    reason: str
    letter_id: str
    trace_id: str

    @classmethod
    def of(cls, head: LetterHead, reason: str) -> Self:
        """Return the fact that a letter was given up."""
        return cls(
            service=head.service,
            channel=head.channel,
            external_id=head.external_id,
            sequence=head.sequence,
            cause=head.cause,
            reason=reason,
            letter_id=head.id,
            trace_id=head.trace_id,
        )


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
class ServicePaused:
    """Whoever is called wants no more calls; a person must look and resume it."""

    service: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeLetGo:
    """A subscriber will not be told of something: too much waits for it already."""

    service: str
    notice_id: str
    kind: str
    external_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RelayFailed:
    """Notices could not be passed on to the subscriptions; the next tick tries again."""

    service: str
    partition: int
    reason: str


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
    """A lane's delivery broke on a fault of ours; the lane is taken over after its lease.

    Without a lane it was a look for work, which is taken up by the next ring.
    """

    service: str
    external_id: str
    reason: str


Event = (
    DeliveryAnswered
    | RequestRejected
    | RequestAnswered
    | LaneClaimed
    | CommandAccepted
    | CommandRepeated
    | CallAnswered
    | CommandApplied
    | CommandDeferred
    | CommandBuried
    | LetterReplayed
    | LetterDiscarded
    | StoreDoubtful
    | ServiceHeld
    | ServicePaused
    | NoticeLetGo
    | RelayFailed
    | BreakerOpened
    | LeaseLost
    | RingFailed
    | DrainFailed
    | InteractionGone
    | InteractionDiffers
    | ReconcileDoubted
    | Reconciled
    | Audited
    | AuditRepaired
    | Pruned
    | BlobsPruned
    | UpkeepFailed
    | WorkerStuck
    | SweepDone
    | SweepRefused
)
