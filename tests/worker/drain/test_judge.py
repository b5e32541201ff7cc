"""Judge gives every outcome of every step a safe verdict.

First the table of docs/architecture.md, a row for each line; then every (step, outcome) pair there is, those
that cannot occur included; then every way a command can go over several tries.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Stop, Update
from worker.drain.judge import Case, again, judge, said
from worker.drain.plan import create_step, follow_up_step, look_step, marks, overwrite_step, plan
from worker.gate_settings import RetrySettings
from worker.interactions import EndedBy, Interaction, State
from worker.operations import (
    ByExternalId,
    ByInteractionId,
    CreateInteraction,
    GetInteraction,
    Operation,
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
from worker.verdicts import Again, Applied, Bury, Hold, Proceed, Verdict

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SENT = NOW - timedelta(minutes=1)
#: When our door accepted what was sent.
ACCEPTED = NOW - timedelta(seconds=30)
MARK = "bridge_"
RETRY = RetrySettings(base_s=2, cap_s=60, max_attempts=5, max_age_s=3600, retry_after_cap_s=900)
#: Half of the largest delay: base 2 s, so the first delay is 1 s, the third 0.5 * 2 * 2 ** 2 = 4 s.
DICE = 0.5
#: Longer than any first delay.
SETTLING_S = 20.0


def create(on_conflict: OnConflict = OnConflict.UPDATE) -> Create:
    """Return a create command."""
    return Create(
        service="support",
        external_id="c-1",
        idempotency_key="mail:1",
        channel="mail",
        received_at=SENT,
        user_data={"Subject": "Hello"},
        on_conflict=on_conflict,
    )


def update(
    on_missing: OnMissing = OnMissing.CREATE, on_ended: OnEnded = OnEnded.FOLLOW_UP, at: datetime = SENT
) -> Update:
    """Return an update command."""
    return Update(
        service="support",
        external_id="c-1",
        idempotency_key="mail:2",
        channel="mail",
        received_at=at,
        changed={"Subject": "Hello again"},
        on_missing=on_missing,
        on_ended=on_ended,
    )


STOP = Stop(
    service="support",
    external_id="c-1",
    idempotency_key="mail:3",
    channel="mail",
    received_at=SENT,
    reason_system_name="done",
)

NEW = Interaction(service="support", external_id="c-1")
OPEN = NEW.opened(interaction_id="I1", channel="mail", at=NOW - timedelta(hours=1))
ENDED = OPEN.ended(by=EndedBy.BRIDGE, tombstone=NOW - timedelta(minutes=5), at=NOW - timedelta(minutes=5))

NO_ANSWER = Evidence(None, "connection reset")


def seen(status: int, detail: str = "") -> Evidence:
    """Return the evidence of an answer."""
    return Evidence(status, detail)


def ours(command: Command, mark: str = MARK) -> Snapshot:
    """Return what the API says of an interaction that this very command created."""
    return Snapshot("I9", "c-1", "queued", {"Subject": "Hello", **marks(command, mark)})


STRANGER = Snapshot("I7", "c-1", "queued", {"Subject": "Other", "bridge_key": "mail:other"})


def case(
    step: Step,
    command: Command,
    interaction: Interaction,
    *,
    attempt: int = 1,
    suspect: bool = False,
    now: datetime = NOW,
    mark: str = MARK,
) -> Case:
    """Return a case with a fixed throw of the dice."""
    return Case(
        step, command, interaction, attempt, suspect, ACCEPTED, now, RETRY, SETTLING_S, mark, lambda: DICE
    )


def update_step(command: Update, target: Interaction) -> Step:
    """Return the call of an update, as plan makes it."""
    step = plan(target, command, suspect=False, mark=MARK)
    assert isinstance(step, Step)
    return step


def stop_step(target: Interaction) -> Step:
    """Return the call of a stop, as plan makes it."""
    step = plan(target, STOP, suspect=False, mark=MARK)
    assert isinstance(step, Step)
    return step


# --- The table, row by row ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of the table: what was asked in which state, what came back, and what it means."""

    step: Step
    command: Command
    interaction: Interaction
    outcome: Outcome
    verdict: Verdict
    #: Whether an earlier try of the command may have taken effect.
    suspect: bool = False


CREATE = create_step(NEW, create(), mark=MARK)
LOOK_AFTER_CONFLICT = look_step(NEW, Purpose.AFTER_CONFLICT)
LOOK_AFTER_UNKNOWN = look_step(NEW, Purpose.AFTER_UNKNOWN)
READ_BACK = look_step(NEW, Purpose.READ_BACK)
FOUND_GONE = OPEN.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW)
#: The row of a stranger whose id we now know, and of which nothing else is.
MET = NEW.model_copy(update={"interaction_id": "I7"})


def opened(interaction_id: str | None, row: Interaction = NEW) -> Interaction:
    """Return the row that a confirmed creation leaves."""
    return row.opened(interaction_id=interaction_id, channel="mail", at=NOW)


TABLE = {
    # create, answered
    "create 200": Row(CREATE, create(), NEW, Ok(seen(200), Snapshot("I9")), Applied(opened("I9"), "created")),
    "create 200 without a body": Row(CREATE, create(), NEW, Ok(seen(200)), Applied(opened(None), "created")),
    "create 409": Row(CREATE, create(), NEW, Conflict(seen(409)), Proceed(LOOK_AFTER_CONFLICT)),
    "create 404": Row(
        CREATE,
        create(),
        NEW,
        NotFound(seen(404, "no such service")),
        Again(1.0, "404 no such service", failed=False),
    ),
    # create, 409, and a look
    "look after 409 finds ours": Row(
        LOOK_AFTER_CONFLICT, create(), NEW, Ok(seen(200), ours(create())), Applied(opened("I9"), "adopted")
    ),
    "look after 409 finds a stranger, update": Row(
        LOOK_AFTER_CONFLICT,
        create(),
        NEW,
        Ok(seen(200), STRANGER),
        Proceed(overwrite_step(MET, create())),
    ),
    "look after 409 finds a stranger, adopt": Row(
        LOOK_AFTER_CONFLICT,
        create(OnConflict.ADOPT),
        NEW,
        Ok(seen(200), STRANGER),
        Applied(opened("I7"), "adopted from elsewhere"),
    ),
    "look after 409 finds a stranger, follow-up": Row(
        LOOK_AFTER_CONFLICT,
        create(OnConflict.FOLLOW_UP),
        NEW,
        Ok(seen(200), STRANGER),
        Proceed(follow_up_step(MET, create(OnConflict.FOLLOW_UP), mark=MARK)),
    ),
    "look after 409 finds a stranger, bury": Row(
        LOOK_AFTER_CONFLICT,
        create(OnConflict.BURY),
        NEW,
        Ok(seen(200), STRANGER),
        Bury("conflict", "'c-1' is live and was not created by this command"),
    ),
    "look after 409 finds nothing": Row(
        LOOK_AFTER_CONFLICT, create(), NEW, NotFound(seen(404)), Again(1.0, "404", failed=False)
    ),
    "overwrite 200": Row(
        overwrite_step(MET, create()),
        create(),
        NEW,
        Ok(seen(200)),
        Applied(opened("I7"), "applied to what was there"),
    ),
    "overwrite 404": Row(
        overwrite_step(MET, create()), create(), NEW, NotFound(seen(404)), Again(1.0, "404", failed=False)
    ),
    # create, outcome unknown
    "create without an answer": Row(CREATE, create(), NEW, Unknown(NO_ANSWER), Proceed(READ_BACK)),
    "read back, ours": Row(
        READ_BACK, create(), NEW, Ok(seen(200), ours(create())), Applied(opened("I9"), "adopted")
    ),
    "read back, undescribed": Row(
        READ_BACK, create(), NEW, Ok(seen(200)), Applied(opened(None), "adopted without comparison")
    ),
    "read back, a stranger": Row(
        READ_BACK, create(), NEW, Ok(seen(200), STRANGER), Proceed(overwrite_step(MET, create()))
    ),
    "read back, nothing": Row(
        READ_BACK,
        create(),
        NEW,
        NotFound(seen(404, "none")),
        Again(SETTLING_S, "404 nothing is there after a create without an answer", suspect=True),
    ),
    "read back without an answer": Row(
        READ_BACK, create(), NEW, Unknown(NO_ANSWER), Again(SETTLING_S, "connection reset", suspect=True)
    ),
    "read back 401": Row(
        READ_BACK,
        create(),
        NEW,
        Unauthorized(seen(401)),
        Hold(30.0, "401", suspect=True, own_delay_s=SETTLING_S),
    ),
    "look after unknown finds ours": Row(
        LOOK_AFTER_UNKNOWN, create(), NEW, Ok(seen(200), ours(create())), Applied(opened("I9"), "adopted")
    ),
    "look after unknown finds something undescribed": Row(
        LOOK_AFTER_UNKNOWN,
        create(),
        NEW,
        Ok(seen(200)),
        Applied(opened(None), "adopted without comparison"),
    ),
    "look after unknown finds something without user data": Row(
        LOOK_AFTER_UNKNOWN,
        create(),
        NEW,
        Ok(seen(200), Snapshot("I8", "c-1", "queued")),
        Applied(opened("I8"), "adopted without comparison"),
    ),
    "look after unknown finds nothing": Row(
        LOOK_AFTER_UNKNOWN, create(), NEW, NotFound(seen(404)), Proceed(CREATE)
    ),
    "look after unknown finds no follow-up": Row(
        look_step(ENDED.follow_up(), Purpose.AFTER_UNKNOWN),
        create(),
        ENDED,
        NotFound(seen(404)),
        Proceed(follow_up_step(ENDED, create(), mark=MARK)),
    ),
    # update
    "update 200": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        Ok(seen(200)),
        Applied(opened(None, OPEN), "updated"),
    ),
    "update 404, never created, create": Row(
        update_step(update(), NEW),
        update(),
        NEW,
        NotFound(seen(404)),
        Proceed(create_step(NEW, update(), mark=MARK)),
    ),
    "update 404, never created, drop": Row(
        update_step(update(OnMissing.DROP), NEW),
        update(OnMissing.DROP),
        NEW,
        NotFound(seen(404)),
        Applied(NEW, "dropped: the interaction was never created"),
    ),
    "update 404, never created, bury": Row(
        update_step(update(OnMissing.BURY), NEW),
        update(OnMissing.BURY),
        NEW,
        NotFound(seen(404)),
        Bury("missing", "the interaction was never created, and the channel wants a person to decide"),
    ),
    "update 404, ended, follow-up": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        NotFound(seen(404)),
        Proceed(follow_up_step(FOUND_GONE, update(), mark=MARK)),
    ),
    "update 404, ended, drop": Row(
        update_step(update(on_ended=OnEnded.DROP), OPEN),
        update(on_ended=OnEnded.DROP),
        OPEN,
        NotFound(seen(404)),
        Applied(FOUND_GONE, "dropped: the interaction has ended"),
    ),
    "update 404, ended, bury": Row(
        update_step(update(on_ended=OnEnded.BURY), OPEN),
        update(on_ended=OnEnded.BURY),
        OPEN,
        NotFound(seen(404)),
        Bury("ended", "the interaction has ended, and the channel wants a person to decide"),
    ),
    "update without an answer": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        Unknown(NO_ANSWER),
        Again(SETTLING_S, "connection reset", suspect=True),
    ),
    "update 409": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        Conflict(seen(409, "busy")),
        Again(1.0, "409 busy", failed=False),
    ),
    # stop
    "stop 200": Row(
        stop_step(OPEN),
        STOP,
        OPEN,
        Ok(seen(200)),
        Applied(OPEN.ended(by=EndedBy.BRIDGE, tombstone=SENT, at=NOW), "stopped"),
    ),
    "stop 404": Row(
        stop_step(OPEN),
        STOP,
        OPEN,
        NotFound(seen(404)),
        Applied(OPEN.ended(by=EndedBy.ELSEWHERE, tombstone=SENT, at=NOW), "already gone"),
    ),
    "stop 404, never created": Row(
        stop_step(NEW),
        STOP,
        NEW,
        NotFound(seen(404)),
        Applied(NEW.ended(by=EndedBy.ELSEWHERE, tombstone=SENT, at=NOW), "already gone"),
    ),
    "stop without an answer": Row(
        stop_step(OPEN), STOP, OPEN, Unknown(NO_ANSWER), Again(SETTLING_S, "connection reset", suspect=True)
    ),
    # any
    "any 400": Row(
        CREATE,
        create(),
        NEW,
        Rejected(seen(400, "no such property")),
        Bury("rejected", "400 no such property"),
    ),
    "any 401": Row(CREATE, create(), NEW, Unauthorized(seen(401)), Hold(30.0, "401")),
    "any 403": Row(stop_step(OPEN), STOP, OPEN, Unauthorized(seen(403)), Hold(30.0, "403")),
    "any 429": Row(CREATE, create(), NEW, Overloaded(seen(429)), Again(1.0, "429")),
    "any 429 with Retry-After": Row(CREATE, create(), NEW, Overloaded(seen(429), 7.5), Hold(7.5, "429")),
    "any 503 with a Retry-After of hours": Row(
        CREATE, create(), NEW, Overloaded(seen(503), 9e9), Hold(900.0, "503")
    ),
    "any 503 with a Retry-After of nothing": Row(
        CREATE, create(), NEW, Overloaded(seen(503), 0.0), Hold(1.0, "503")
    ),
    "create 500": Row(CREATE, create(), NEW, Failed(seen(500)), Again(1.0, "500", suspect=True)),
    "update 500": Row(
        update_step(update(), OPEN), update(), OPEN, Failed(seen(500)), Again(1.0, "500", suspect=True)
    ),
    "any refused connection": Row(
        CREATE,
        create(),
        NEW,
        Failed(Evidence(None, "connection refused"), reached=False),
        Again(15.0, "connection refused", counted=False),  # half of the 30 s since it was accepted
    ),
    # an earlier try may have taken effect: nothing is created before a look
    "in doubt, look after 409 finds a stranger, follow-up": Row(
        LOOK_AFTER_CONFLICT,
        create(OnConflict.FOLLOW_UP),
        NEW,
        Ok(seen(200), STRANGER),
        Proceed(look_step(MET.follow_up(), Purpose.AFTER_UNKNOWN)),
        suspect=True,
    ),
    "in doubt, update 404, never created, create": Row(
        update_step(update(), NEW),
        update(),
        NEW,
        NotFound(seen(404)),
        Proceed(LOOK_AFTER_UNKNOWN),
        suspect=True,
    ),
    "in doubt, update 404, ended, follow-up": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        NotFound(seen(404)),
        Proceed(look_step(FOUND_GONE.follow_up(), Purpose.AFTER_UNKNOWN)),
        suspect=True,
    ),
    "in doubt, create 404": Row(
        CREATE,
        create(),
        NEW,
        NotFound(seen(404)),
        Again(1.0, "404", suspect=True, failed=False),
        suspect=True,
    ),
    "in doubt, look after 409 finds nothing": Row(
        LOOK_AFTER_CONFLICT,
        create(),
        NEW,
        NotFound(seen(404)),
        Again(1.0, "404", suspect=True, failed=False),
        suspect=True,
    ),
    "in doubt, update 401": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        Unauthorized(seen(401)),
        Hold(30.0, "401", suspect=True),
        suspect=True,
    ),
    "in doubt, create refused connection": Row(
        CREATE,
        create(),
        NEW,
        Failed(Evidence(None, "connection refused"), reached=False),
        Again(15.0, "connection refused", suspect=True, counted=False),
        suspect=True,
    ),
    "in doubt, update 400": Row(
        update_step(update(), OPEN),
        update(),
        OPEN,
        Rejected(seen(400, "no such property")),
        Bury("rejected", "400 no such property", doubt=True),
        suspect=True,
    ),
    # a look that fails leaves the doubt
    "look after unknown 401": Row(
        LOOK_AFTER_UNKNOWN, create(), NEW, Unauthorized(seen(401)), Hold(30.0, "401", suspect=True)
    ),
    "look after unknown 503": Row(
        LOOK_AFTER_UNKNOWN, create(), NEW, Overloaded(seen(503), 3.0), Hold(3.0, "503", suspect=True)
    ),
    "look after unknown without an answer": Row(
        LOOK_AFTER_UNKNOWN, create(), NEW, Unknown(NO_ANSWER), Again(1.0, "connection reset", suspect=True)
    ),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_the_table_holds(row: Row) -> None:
    """Each line of the table gives exactly its verdict."""
    here = case(row.step, row.command, row.interaction, suspect=row.suspect)
    assert judge(here, row.outcome) == row.verdict


def test_the_second_conversation_is_linked_to_the_first() -> None:
    """What follows a stranger or an ended interaction has an external id of its own and names its parent."""
    verdict = judge(case(update_step(update(), OPEN), update(), OPEN), NotFound(seen(404)))
    assert isinstance(verdict, Proceed)
    operation = verdict.step.operation
    assert isinstance(operation, CreateInteraction)
    assert (operation.external_id, operation.parent_interaction_id) == ("c-1~2", "I1")


@pytest.mark.parametrize("interaction", [NEW, ENDED], ids=lambda each: each.state.value)
def test_without_marks_a_doubtful_create_is_adopted(interaction: Interaction) -> None:
    """Nobody else writes this external id, so what is there after a doubtful create is taken to be ours."""
    step = plan(interaction, create(), suspect=True, mark="")
    assert isinstance(step, Step)
    verdict = judge(case(step, create(), interaction, mark=""), Ok(seen(200), STRANGER))
    assert isinstance(verdict, Applied)
    assert verdict.note == "adopted without comparison"
    assert verdict.interaction.generation == (1 if interaction is NEW else 2)


def test_without_marks_an_open_interaction_is_no_proof() -> None:
    """What was open before the create cannot tell whether the create took effect: it is applied to it."""
    step = plan(OPEN, create(), suspect=True, mark="")
    assert isinstance(step, Step)
    verdict = judge(case(step, create(), OPEN, mark=""), Ok(seen(200), STRANGER))
    assert isinstance(verdict, Proceed)
    assert verdict.step.purpose is Purpose.OVERWRITE


@pytest.mark.parametrize(("attempt", "delay_s"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)], ids=str)
def test_delays_double(attempt: int, delay_s: float) -> None:
    """Half of 2, 4, 8 and 16 seconds."""
    verdict = judge(case(CREATE, create(), NEW, attempt=attempt), Overloaded(seen(429)))
    assert verdict == Again(delay_s, "429")


def test_the_last_counted_try_is_the_last() -> None:
    """The fifth of five tries buries, with what the fifth said; a try that reached nobody does not count."""
    last = case(CREATE, create(), NEW, attempt=5)
    failed = judge(last, Failed(seen(500)))
    assert failed == Bury("exhausted", "tried 5 times; last: 500", failed=True, doubt=True)
    read_back = judge(replace(last, step=READ_BACK), Unknown(NO_ANSWER))
    lost = "tried 5 times; last: connection reset"
    assert read_back == Bury("exhausted", lost, failed=True, doubt=True, settles_s=last.settling_s)
    assert judge(last, NotFound(seen(404))) == Bury("exhausted", "tried 5 times; last: 404")
    refused = judge(last, Failed(Evidence(None, "refused"), reached=False))
    assert refused == Again(15.0, "refused", counted=False)  # half of the 30 s since it was accepted


def test_age_buries_what_would_be_tried_again() -> None:
    """At an hour there is a further try; a second later there is none, counted or not."""
    late = case(CREATE, create(), NEW, now=ACCEPTED + timedelta(seconds=3601))
    outcome = Failed(Evidence(None, "refused"), reached=False)
    assert judge(late, outcome) == Bury("exhausted", "older than 3600 s; last: refused", failed=True)
    assert judge(late, Overloaded(seen(503), 5.0)) == Bury(
        "exhausted", "older than 3600 s; last: 503", failed=True
    )
    in_time = replace(late, now=ACCEPTED + timedelta(seconds=3600))
    assert isinstance(judge(in_time, outcome), Again)


@pytest.mark.parametrize(
    "sent", [NOW - timedelta(days=400), NOW + timedelta(days=400)], ids=["past", "future"]
)
def test_the_senders_clock_ages_nothing(sent: datetime) -> None:
    """An hour counts from our acceptance: a clock that is wrong neither buries at once nor keeps for ever."""
    command = create().model_copy(update={"received_at": sent})
    here = case(create_step(NEW, command, mark=MARK), command, NEW)
    assert isinstance(judge(here, Failed(seen(500))), Again)
    late = replace(here, now=ACCEPTED + timedelta(seconds=3601))
    assert isinstance(judge(late, Failed(seen(500))), Bury)


def test_what_came_back_is_told_in_one_line() -> None:
    """Status and message where there are any, and never nothing at all."""
    assert said(Evidence(400, "bad")) == "400 bad"
    assert said(Evidence(400)) == "400"
    assert said(Evidence(None, "reset")) == "reset"
    assert said(Evidence()) == "no answer"
    assert again(case(CREATE, create(), NEW), Evidence(), suspect=True) == Again(
        1.0, "no answer", suspect=True
    )


# --- Every pair --------------------------------------------------------------------------------------------

COMMANDS: tuple[Command, ...] = (
    *(create(on_conflict) for on_conflict in OnConflict),
    *(update(on_missing, on_ended) for on_missing in OnMissing for on_ended in OnEnded),
    STOP,
)
ROWS = (NEW, OPEN, ENDED)

OPERATIONS: dict[str, type[Operation] | tuple[type[Operation], type]] = {
    "create": CreateInteraction,
    "get by external id": (GetInteraction, ByExternalId),
    "get by interaction id": (GetInteraction, ByInteractionId),
    "update by external id": (UpdateInteraction, ByExternalId),
    "update by interaction id": (UpdateInteraction, ByInteractionId),
    "stop by external id": (StopInteraction, ByExternalId),
    "stop by interaction id": (StopInteraction, ByInteractionId),
}


def operation_of(kind: str, target: Interaction) -> Operation:
    """Return an operation of a kind that addresses the target."""
    form = OPERATIONS[kind]
    if isinstance(form, tuple):
        verb, reference = form
        return verb(reference(target.remote_id))
    return CreateInteraction(external_id=target.remote_id)


def outcomes_of(command: Command, mark: str) -> tuple[Outcome, ...]:
    """Return everything that can come of a call."""
    return (
        Ok(seen(200), ours(command, mark)),
        Ok(seen(200), STRANGER),
        Ok(seen(200), Snapshot()),
        Ok(seen(200)),
        NotFound(seen(404)),
        Conflict(seen(409)),
        Rejected(seen(400, "no")),
        Unauthorized(seen(401)),
        Overloaded(seen(429)),
        Overloaded(seen(503), 0.0),
        Overloaded(seen(503), 1e12),
        Failed(seen(500)),
        Failed(NO_ANSWER, reached=False),
        Unknown(NO_ANSWER),
    )


def pairs(kind: str, purpose: Purpose) -> Iterator[tuple[Case, Outcome]]:
    """Return every case of a kind of step with every outcome it may have."""
    times = ((1, NOW), (RETRY.max_attempts, NOW), (1, NOW + timedelta(days=2)))
    for command, interaction, mark in itertools.product(COMMANDS, ROWS, (MARK, "")):
        outcomes = outcomes_of(command, mark)
        for target in (interaction, interaction.follow_up()):
            step = Step(operation_of(kind, target), purpose, target)
            here = case(step, command, interaction, mark=mark)
            for (attempt, now), suspect in itertools.product(times, (False, True)):
                there = replace(here, attempt=attempt, suspect=suspect, now=now)
                for outcome in outcomes:
                    yield there, outcome


every_step = pytest.mark.parametrize(("kind", "purpose"), list(itertools.product(OPERATIONS, Purpose)))


@every_step
def test_every_pair_has_a_safe_verdict(kind: str, purpose: Purpose) -> None:
    """Nothing raises, and each verdict keeps the promises that hold for all."""
    for here, outcome in pairs(kind, purpose):
        verdict = judge(here, outcome)
        assert isinstance(verdict, Proceed | Applied | Again | Hold | Bury), (here, outcome)
        for promise in PROMISES:
            assert promise(here, outcome, verdict), (promise.__name__, here, outcome, verdict)


def refusals_are_final(_here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """400 always buries, and says why."""
    buried = isinstance(verdict, Bury) and (verdict.cause, verdict.reason) == ("rejected", "400 no")
    return not isinstance(outcome, Rejected) or buried


def holds_never_bury(_here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """401 and 403 never bury, however old the command is and however often it was tried."""
    return not isinstance(outcome, Unauthorized) or isinstance(verdict, Hold)


def doubt_is_kept(here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """A write without a usable answer is in doubt; a doubt lasts to the end, and a burial tells of it."""
    if not isinstance(verdict, Again | Hold | Bury):
        return True
    unheard = isinstance(outcome, Unknown) or (isinstance(outcome, Failed) and outcome.reached)
    makes = unheard and not isinstance(here.step.operation, GetInteraction)
    asks = here.step.purpose in {Purpose.AFTER_UNKNOWN, Purpose.READ_BACK}
    doubt = verdict.doubt if isinstance(verdict, Bury) else verdict.suspect
    return doubt is (makes or here.suspect or asks)


def a_lost_create_is_read_back_at_once(here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """Before anything is said of it, and never is it sent again without a look in a later try."""
    if isinstance(here.step.operation, CreateInteraction) and isinstance(outcome, Unknown):
        return verdict == Proceed(look_step(here.step.target, Purpose.READ_BACK))
    if here.step.purpose is Purpose.READ_BACK and isinstance(outcome, NotFound):
        return not isinstance(verdict, Proceed) or not isinstance(here.step.operation, GetInteraction)
    return True


def a_lost_write_has_time_to_show(here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """Nothing else is done in the lane before a write without an answer can no longer take effect."""
    writes = isinstance(here.step.operation, CreateInteraction | UpdateInteraction | StopInteraction)
    if here.step.purpose is not Purpose.READ_BACK and not (writes and isinstance(outcome, Unknown)):
        return True
    match verdict:
        case Again():
            return verdict.delay_s >= here.settling_s
        case Hold():
            return verdict.own_delay_s >= here.settling_s
        case Bury():
            return verdict.settles_s >= here.settling_s
        case _:
            return True


def only_failures_weigh(here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """The breaker hears of a service that failed, and of no answer, however unwelcome."""
    if not isinstance(verdict, Again | Bury):
        return True
    looked = isinstance(here.step.operation, GetInteraction) and here.step.purpose is Purpose.READ_BACK
    lost = looked and isinstance(outcome, NotFound)
    return verdict.failed is (lost or isinstance(outcome, Overloaded | Failed | Unknown))


def waits_are_bounded(here: Case, _outcome: Outcome, verdict: Verdict) -> bool:
    """No delay exceeds its cap, and no service is held for nothing."""
    match verdict:
        case Again():
            return 0 <= verdict.delay_s <= max(here.retry.cap_s, here.settling_s)
        case Hold():
            return 1 <= verdict.delay_s <= here.retry.retry_after_cap_s
        case _:
            return True


def tries_end(here: Case, outcome: Outcome, verdict: Verdict) -> bool:
    """After the last counted try or the last moment nothing is tried again, except for want of a key."""
    too_old = here.now - here.accepted_at > timedelta(seconds=here.retry.max_age_s)
    match verdict:
        case Again():
            return not too_old and (here.attempt < here.retry.max_attempts or not verdict.counted)
        case Hold():
            return not too_old or isinstance(outcome, Unauthorized)
        case _:
            return True


PROMISES = (
    refusals_are_final,
    holds_never_bury,
    doubt_is_kept,
    a_lost_create_is_read_back_at_once,
    a_lost_write_has_time_to_show,
    only_failures_weigh,
    waits_are_bounded,
    tries_end,
)


@every_step
def test_a_further_create_rests_on_what_was_seen(kind: str, purpose: Purpose) -> None:
    """Only "it is not there" or a stranger in its place lets a create follow, never a missing answer.

    In doubt it is only the look for that very interaction, and only "it is not there".
    """
    for here, outcome in pairs(kind, purpose):
        verdict = judge(here, outcome)
        if isinstance(verdict, Proceed) and isinstance(verdict.step.operation, CreateInteraction):
            assert isinstance(outcome, NotFound | Ok), (here, outcome)
            assert not isinstance(here.step.operation, CreateInteraction), (here, outcome)
            assert not isinstance(here.command, Stop), (here, outcome)
            if here.suspect:
                assert verdict.step.target == here.step.target, (here, outcome)
                assert isinstance(here.step.operation, GetInteraction), (here, outcome)
                assert isinstance(outcome, NotFound), (here, outcome)


@every_step
def test_a_confirmed_end_is_the_only_end(kind: str, purpose: Purpose) -> None:
    """The ledger says "ended" only after a stop, a 404, or where it said so before."""
    for here, outcome in pairs(kind, purpose):
        verdict = judge(here, outcome)
        if isinstance(verdict, Applied) and verdict.interaction.state is State.ENDED:
            ended_now = isinstance(here.step.operation, StopInteraction) and isinstance(outcome, Ok)
            was_ended = here.interaction.state is State.ENDED
            assert ended_now or isinstance(outcome, NotFound) or was_ended, (here, outcome)


# --- Every way ---------------------------------------------------------------------------------------------

#: How many calls a command may make in one go as long as it stays with one generation.
_MOST_CALLS = 6
#: Generations followed here; what is true of three is true of more.
_GENERATIONS = 3


#: The calls of one try, and what ended it.
Way = tuple[list[Step], Verdict]


def ways(interaction: Interaction, command: Command, *, suspect: bool) -> Iterator[Way]:
    """Return every chain of calls that one try can make, whatever is answered, and its end."""
    first = plan(interaction, command, suspect=suspect, mark=MARK)
    if isinstance(first, Step):
        yield from _onward([first], interaction, command, suspect=suspect)


def _onward(chain: list[Step], interaction: Interaction, command: Command, *, suspect: bool) -> Iterator[Way]:
    if chain[-1].target.generation > _GENERATIONS:
        return
    for outcome in outcomes_of(command, MARK):
        verdict = judge(case(chain[-1], command, interaction, suspect=suspect), outcome)
        if isinstance(verdict, Proceed):
            yield from _onward([*chain, verdict.step], interaction, command, suspect=suspect)
        else:
            yield chain, verdict


def steps_taken(chain: list[Step]) -> list[tuple[type[Operation], Purpose, str]]:
    """Return what tells one step of a chain from another."""
    return [(type(step.operation), step.purpose, step.target.remote_id) for step in chain]


BEGINNINGS = list(itertools.product(ROWS, COMMANDS))


def name_of(value: Interaction | Command) -> str:
    """Return what a beginning is called: state, kind and policies."""
    if isinstance(value, Interaction):
        return value.state.value
    policies = value.model_dump(include={"on_conflict", "on_missing", "on_ended"}).values()
    return " ".join([value.kind, *(str(policy) for policy in policies)])


@pytest.mark.parametrize(("interaction", "command"), BEGINNINGS, ids=name_of)
def test_every_way_ends(interaction: Interaction, command: Command) -> None:
    """No call is made twice in one go: only ever new generations could lengthen it, and the lane counts."""
    for suspect in (False, True):
        for chain, _ in ways(interaction, command, suspect=suspect):
            taken = steps_taken(chain)
            assert len(set(taken)) == len(taken), taken
            for _, group in itertools.groupby(chain, key=lambda step: step.target.generation):
                assert len(list(group)) <= _MOST_CALLS


@pytest.mark.parametrize(("interaction", "command"), BEGINNINGS, ids=name_of)
def test_a_doubtful_create_is_never_repeated_blindly(interaction: Interaction, command: Command) -> None:
    """Whatever left a create in doubt, the next try reads its external id before it creates it again."""
    doubtful = {
        chain[-1].target.remote_id
        for suspect in (False, True)
        for chain, verdict in ways(interaction, command, suspect=suspect)
        if isinstance(verdict, Again) and verdict.suspect and _creates(chain[-1])
    }
    assert doubtful or not isinstance(command, Create)
    for chain, _ in ways(interaction, command, suspect=True):
        for remote_id in doubtful:
            assert _looks_first(chain, remote_id), (remote_id, steps_taken(chain))


def _creates(step: Step) -> bool:
    return isinstance(step.operation, CreateInteraction)


def _looks_first(chain: list[Step], remote_id: str) -> bool:
    """Say whether a chain asks what bears an external id before it creates it; an update asks as well."""
    for step in chain:
        if step.target.remote_id == remote_id:
            return not _creates(step)
    return True
