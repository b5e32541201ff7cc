"""Upkeep events: what is reported of sweeps, checks, audits and the process itself; see `worker.events`."""

from dataclasses import dataclass
from datetime import datetime


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
