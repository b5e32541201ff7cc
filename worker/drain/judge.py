"""Judge: what the outcome of a call means for its command. Pure.

The table of docs/architecture.md, row by row; `tests/worker/drain/test_judge.py` walks every pair of step and
outcome.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from worker.commands import Command, Create, Notify, OnConflict, OnMissing, Stop, Update, guard_of
from worker.drain.backoff import delay_s, outage_delay_s
from worker.drain.guard import found_before_stop, warned
from worker.drain.plan import (
    create_step,
    ended_verdict,
    follow_up_step,
    is_ours,
    look_step,
    looking_first,
    overwrite_step,
)
from worker.gate_settings import RetrySettings
from worker.interactions import EndedBy, Interaction, State
from worker.operations import (
    CreateInteraction,
    GetInteraction,
    PostEvent,
    Purpose,
    Step,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import (
    Conflict,
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Snapshot,
    Unauthorized,
    Unknown,
)
from worker.ports import Dice
from worker.verdicts import Again, Applied, Bury, Hold, Pause, Proceed, Verdict

_SHORTEST_HOLD_S = 1.0
#: What changes an interaction.
_WRITES: Final = (CreateInteraction, UpdateInteraction, StopInteraction)
#: What is asked when a create of ours may have taken effect.
_DOUBTFUL: Final = (Purpose.AFTER_UNKNOWN, Purpose.READ_BACK)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a judgement rests on besides the outcome."""

    step: Step
    command: Command
    #: The ledger row as it was claimed.
    interaction: Interaction
    #: How many claims have tried this command, this one included.
    attempt: int
    #: Whether an earlier try of this command may have taken effect: nothing is created before a look.
    suspect: bool
    #: When our door accepted it: its age is ours to count, whatever the sender's clock said.
    accepted_at: datetime
    now: datetime
    retry: RetrySettings
    #: How long a call that was given up may still take effect, in seconds.
    settling_s: float
    #: What our user data keys begin with.
    mark: str
    dice: Dice


def judge(case: Case, outcome: Outcome) -> Verdict:
    """Return what the outcome means for the command and its lane."""
    verdict = _judge(case, outcome)
    if isinstance(verdict, Bury):
        verdict = replace(verdict, doubt=_in_doubt(case) or _leaves_doubt(case, outcome))
    given_up = isinstance(outcome, Unknown) and isinstance(case.step.operation, _WRITES)
    return _settled(case, verdict) if given_up or case.step.purpose is Purpose.READ_BACK else verdict


def _settled(case: Case, verdict: Verdict) -> Verdict:
    """Keep what comes next from coming before a write that was given up can no longer take effect unseen.

    A create would be made twice, and an old update would take effect after newer ones: at the next try, and
    after a burial by the next command.
    """
    match verdict:
        case Again():
            return replace(verdict, delay_s=max(verdict.delay_s, case.settling_s))
        case Hold():
            return replace(verdict, own_delay_s=case.settling_s)
        case Bury():
            return replace(verdict, settles_s=case.settling_s)
        case _:
            return verdict


def _judge(case: Case, outcome: Outcome) -> Verdict:
    match outcome:
        case Ok():
            return _succeeded(case, outcome.snapshot)
        case NotFound():
            return _not_found(case, outcome.evidence)
        case Conflict():
            return _conflicted(case, outcome.evidence)
        case Rejected():
            return _rejected(case, outcome.evidence)
        case Unauthorized():
            return Hold(case.retry.unauthorized_hold_s, said(outcome.evidence), suspect=_in_doubt(case))
        case Overloaded():
            return _overloaded(case, outcome)
        case Failed():
            doubt = _in_doubt(case) or _leaves_doubt(case, outcome)
            return again(case, outcome.evidence, suspect=doubt, counted=outcome.reached)
        case Unknown():
            if isinstance(case.step.operation, CreateInteraction):
                return Proceed(look_step(case.step.target, Purpose.READ_BACK))
            return again(case, outcome.evidence, suspect=_in_doubt(case) or _leaves_doubt(case, outcome))


def again(
    case: Case, evidence: Evidence, *, suspect: bool, counted: bool = True, failed: bool = True
) -> Again | Bury:
    """Return a later try, or the burial of a command whose tries or time are used up."""
    reason = said(evidence)
    waited_s = (case.now - case.accepted_at).total_seconds()
    too_old = waited_s > case.retry.max_age_s
    if (counted and case.attempt >= case.retry.max_attempts) or too_old:
        why = f"older than {case.retry.max_age_s:g} s" if too_old else f"tried {case.attempt} times"
        return Bury("exhausted", f"{why}; last: {reason}", failed=failed)
    wait = (
        delay_s(case.attempt, case.retry, case.dice)
        if counted
        else outage_delay_s(waited_s, case.retry, case.dice)
    )
    return Again(wait, reason, suspect=suspect, counted=counted, failed=failed)


def said(evidence: Evidence) -> str:
    """Return what came back, in one line."""
    if evidence.status is None:
        return evidence.detail or "no answer"
    return f"{evidence.status} {evidence.detail}".strip()


def _in_doubt(case: Case) -> bool:
    """A doubt stays until the command is settled: a failed look leaves it, and so does anything else."""
    return case.suspect or case.step.purpose in _DOUBTFUL


def _leaves_doubt(case: Case, outcome: Outcome) -> bool:
    """Say whether a call may have changed something although nothing was heard of it."""
    unheard = isinstance(outcome, Unknown) or (isinstance(outcome, Failed) and outcome.reached)
    return unheard and isinstance(case.step.operation, _WRITES)


def _rejected(case: Case, evidence: Evidence) -> Verdict:
    if not isinstance(case.step.operation, PostEvent):
        return Bury("rejected", said(evidence))
    # Standard Webhooks: 410 asks for no more events; any other refusal is a failure that may pass.
    if evidence.status == HTTPStatus.GONE:
        return Pause(f"{said(evidence)}: its receiver wants no more events")
    return again(case, evidence, suspect=False, failed=False)


def _overloaded(case: Case, outcome: Overloaded) -> Verdict:
    verdict = again(case, outcome.evidence, suspect=_in_doubt(case), counted=outcome.retry_after_s is None)
    if isinstance(verdict, Bury) or outcome.retry_after_s is None:
        return verdict
    # "at once" from an overloaded service would be asked again without end
    wait = min(max(outcome.retry_after_s, _SHORTEST_HOLD_S), case.retry.retry_after_cap_s)
    return Hold(wait, said(outcome.evidence), suspect=_in_doubt(case))


def _succeeded(case: Case, snapshot: Snapshot | None) -> Verdict:
    match case.step.operation:
        case CreateInteraction():
            return Applied(_opened(case, snapshot), "created")
        case UpdateInteraction():
            if guard_of(case.command):
                return warned(case.step.target, now=case.now)
            word = "updated" if case.step.purpose is Purpose.APPLY else "applied to what was there"
            return Applied(_opened(case, snapshot), word)
        case StopInteraction():
            by = EndedBy.SWEEP if guard_of(case.command) else EndedBy.BRIDGE
            return Applied(_ended(case, by), "stopped")
        case GetInteraction():
            if case.step.purpose is Purpose.BEFORE_STOP and isinstance(case.command, Stop):
                return found_before_stop(case.step.target, case.command, snapshot, now=case.now)
            return _found(case, snapshot)
        case PostEvent():
            return Applied(case.interaction, "told")


def _opened(case: Case, snapshot: Snapshot | None) -> Interaction:
    interaction_id = snapshot.interaction_id if snapshot else None
    return case.step.target.opened(interaction_id=interaction_id, channel=case.command.channel, at=case.now)


def _ended(case: Case, by: EndedBy) -> Interaction:
    return case.step.target.ended(by=by, tombstone=case.command.received_at, at=case.now)


def _found(case: Case, snapshot: Snapshot | None) -> Verdict:
    """Something bears our external id: ours is adopted, for a stranger's the channel decides."""
    if is_ours(snapshot, case.command, mark=case.mark):
        return Applied(_opened(case, snapshot), "adopted")
    nothing_to_compare = snapshot is None or not snapshot.user_data or not case.mark
    if nothing_to_compare and case.step.purpose in _DOUBTFUL and case.interaction.state is not State.OPEN:
        # Our create may have succeeded, nobody else writes this external id, and no mark can contradict.
        return Applied(_opened(case, snapshot), "adopted without comparison")
    return _stranger(case, snapshot)


def _stranger(case: Case, snapshot: Snapshot | None) -> Verdict:
    command, target = case.command, case.step.target
    if isinstance(command, Stop | Notify):  # asks for no look; were one made, it would decide nothing
        return again(case, Evidence(detail="found"), suspect=_in_doubt(case), failed=False)
    on_conflict = command.on_conflict if isinstance(command, Create) else OnConflict.UPDATE
    match on_conflict:
        case OnConflict.UPDATE:
            return Proceed(overwrite_step(_known(target, snapshot), command))
        case OnConflict.ADOPT:
            return Applied(_opened(case, snapshot), "adopted from elsewhere")
        case OnConflict.FOLLOW_UP:
            follow_up = follow_up_step(_known(target, snapshot), command, mark=case.mark)
            return Proceed(looking_first(follow_up, suspect=case.suspect))
        case OnConflict.BURY:
            return Bury("conflict", f"{target.remote_id!r} is live and was not created by this command")


def _known(target: Interaction, snapshot: Snapshot | None) -> Interaction:
    if snapshot is None or snapshot.interaction_id is None:
        return target
    return target.model_copy(update={"interaction_id": snapshot.interaction_id})


def _conflicted(case: Case, evidence: Evidence) -> Verdict:
    if isinstance(case.step.operation, CreateInteraction):
        return Proceed(look_step(case.step.target, Purpose.AFTER_CONFLICT))
    # The reference lists no conflict for the other calls: whatever stands in the way may pass.
    return again(case, evidence, suspect=_in_doubt(case), failed=False)


def _not_found(case: Case, evidence: Evidence) -> Verdict:
    match case.step.operation:
        case CreateInteraction() | PostEvent():
            # No such service, or nobody there: nothing was done, and it may yet be configured.
            return again(case, evidence, suspect=_in_doubt(case), failed=False)
        case GetInteraction():
            return _not_there(case, evidence)
        case UpdateInteraction():
            return _nothing_to_update(case, evidence)
        case StopInteraction():
            return Applied(_ended(case, EndedBy.ELSEWHERE), "already gone")


def _not_there(case: Case, evidence: Evidence) -> Verdict:
    if case.step.purpose is Purpose.BEFORE_STOP:
        return Applied(_ended(case, EndedBy.ELSEWHERE), "already gone")
    if case.step.purpose is Purpose.AFTER_UNKNOWN and not isinstance(case.command, Stop | Notify):
        return Proceed(create_step(case.step.target, case.command, mark=case.mark))
    if case.step.purpose is Purpose.READ_BACK:
        # It failed, or it is still under way: only a later look can tell.
        lost = Evidence(evidence.status, "nothing is there after a create without an answer")
        return again(case, lost, suspect=True)
    # A conflict with something that cannot be read: a lagging read, or a 409 that means something else.
    return again(case, evidence, suspect=_in_doubt(case), failed=False)


def _nothing_to_update(case: Case, evidence: Evidence) -> Verdict:
    command = case.command
    if not isinstance(command, Update) or case.step.purpose is Purpose.OVERWRITE:
        # It ended between two calls: the next try begins afresh.
        return again(case, evidence, suspect=_in_doubt(case), failed=False)
    if case.interaction.state is State.OPEN:
        ended = case.interaction.ended(by=EndedBy.ELSEWHERE, tombstone=case.now, at=case.now)
        verdict = ended_verdict(ended, command, suspect=case.suspect, mark=case.mark)
        return Proceed(verdict) if isinstance(verdict, Step) else verdict
    match command.on_missing:
        case OnMissing.CREATE:
            create = create_step(case.step.target, command, mark=case.mark)
            return Proceed(looking_first(create, suspect=case.suspect))
        case OnMissing.DROP:
            return Applied(case.interaction, "dropped: the interaction was never created")
        case OnMissing.BURY:
            return Bury(
                "missing", "the interaction was never created, and the channel wants a person to decide"
            )
