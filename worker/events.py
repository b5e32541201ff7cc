"""Events: the facts the bridge reports while it works. Instruments (logs, later metrics) listen.

No event carries a body, a secret or an address.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from worker.letters import LetterHead


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
    """A lane's delivery broke on a fault of ours; the lane is taken over after its lease."""

    service: str
    external_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SweepDone:
    """A sweep came to its end; what it did not stop it left alone."""

    service: str
    sweep: str
    by: str
    result: str
    reason: str
    open: int
    looked: int
    stops: int
    warnings: int
    overtaken: int


@dataclass(frozen=True, slots=True)
class SweepRefused:
    """A sweep stopped nothing, because a guard stood in the way: a person must look."""

    service: str
    sweep: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class InteractionGone:
    """A check found that an interaction which the ledger held open has ended elsewhere."""

    service: str
    external_id: str
    interaction_id: str
    #: When it was checked, or known to be active, before.
    known_at: datetime


@dataclass(frozen=True, slots=True)
class InteractionDiffers:
    """A check found an interaction in another state than the check before, or under another id."""

    service: str
    external_id: str
    interaction_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A few of the interactions that the ledger holds open were checked."""

    service: str
    #: How many are open.
    open: int
    checked: int
    gone: int
    differing: int
    #: Checks that came to no answer.
    unanswered: int


@dataclass(frozen=True, slots=True)
class ReconcileDoubted:
    """Checks find none of ours at the API: nothing more is closed until one is seen. A person must look."""

    service: str
    #: How many were closed without a proof.
    closed: int
    reason: str


@dataclass(frozen=True, slots=True)
class Audited:
    """A part of the store was held against the rules."""

    #: Empty: the store is every service's.
    service: str
    #: When it began.
    at: datetime
    #: Conversations and letters that were looked at.
    looked: int
    #: Flaws that were mended; none is expected.
    mended: int
    #: Whether the look reached the end of the store.
    whole: bool


@dataclass(frozen=True, slots=True)
class AuditRepaired:
    """The store contradicted itself, which was put right: a fault of the bridge, or of a hand."""

    service: str
    partition: int
    #: A value of `worker.upkeep.Flaw`.
    flaw: str
    #: How many there were in this look.
    count: int
    #: One of them: a conversation, or a dead letter.
    example: str


@dataclass(frozen=True, slots=True)
class Pruned:
    """What had been kept for long enough was thrown away."""

    service: str
    letters: int
    #: Letters as old, kept because commands wait behind them.
    spared: int
    #: Notes of what channels let go.
    notes: int


@dataclass(frozen=True, slots=True)
class BlobsPruned:
    """Whole messages that had been kept for long enough were thrown away."""

    #: Empty: they belong to channels.
    service: str
    deleted: int
    deleted_bytes: int


@dataclass(frozen=True, slots=True)
class UpkeepFailed:
    """A piece of upkeep broke off; its next slot goes on."""

    task: str
    service: str
    reason: str


@dataclass(frozen=True, slots=True)
class WorkerStuck:
    """This process ends, to be started again: work was due and it looked for none."""

    service: str
    due_for_s: float
    idle_for_s: float


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
