"""Plan chooses the first call of a command from what the ledger knows."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Command, Create, OnConflict, OnEnded, Stop, Update
from worker.drain.plan import (
    create_step,
    ended_verdict,
    follow_up_step,
    is_ours,
    look_step,
    looking_first,
    marks,
    overwrite_step,
    plan,
)
from worker.interactions import EndedBy, Interaction, State
from worker.operations import (
    ByExternalId,
    CreateInteraction,
    GetInteraction,
    Purpose,
    Step,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import Snapshot
from worker.verdicts import Applied, Bury

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STOPPED = NOW - timedelta(minutes=5)
MARK = "bridge_"

NEW = Interaction(service="support", external_id="c-1")
OPEN = NEW.opened(interaction_id="I1", channel="mail", at=NOW - timedelta(hours=1))
ENDED = OPEN.ended(by=EndedBy.BRIDGE, tombstone=STOPPED, at=NOW)
SECOND = ENDED.follow_up().opened(interaction_id="I2", channel="mail", at=NOW)
SECOND_ENDED = SECOND.ended(by=EndedBy.ELSEWHERE, tombstone=STOPPED, at=NOW)

CREATE = Create(
    service="support",
    external_id="c-1",
    idempotency_key="mail:1",
    channel="mail",
    received_at=NOW,
    user_data={"Subject": "Hello"},
)
UPDATE = Update(
    service="support",
    external_id="c-1",
    idempotency_key="mail:2",
    channel="mail",
    received_at=NOW,
    changed={"Subject": "Again", "Old": 1},
    added={"Count": 2},
    deleted=("Old",),
)
STOP = Stop(
    service="support",
    external_id="c-1",
    idempotency_key="mail:3",
    channel="mail",
    received_at=NOW,
    reason_system_name="done",
    reason_description="the customer said so",
)
CREATE_MARKS = {"bridge_fingerprint": CREATE.fingerprint, "bridge_key": "mail:1"}
UPDATE_MARKS = {"bridge_fingerprint": UPDATE.fingerprint, "bridge_key": "mail:2"}

FIRST = ByExternalId("c-1")
BESIDE = ByExternalId("c-1~2")


def creates(external_id: str, command: Command, parent: str | None = None) -> CreateInteraction:
    """Return the create that a command leads to."""
    content = {"Subject": "Hello", **CREATE_MARKS}
    if isinstance(command, Update):
        content = {"Subject": "Again", "Count": 2, **UPDATE_MARKS}
    return CreateInteraction(external_id, content, NOW, parent)


UPDATES = UpdateInteraction(FIRST, {"Subject": "Again", "Old": 1}, {"Count": 2}, ("Old",))
STOPS = StopInteraction(FIRST, "done", "the customer said so")

TABLE = {
    "create, new": (NEW, CREATE, False, Step(creates("c-1", CREATE), Purpose.APPLY, NEW)),
    "create, open": (OPEN, CREATE, False, Step(creates("c-1", CREATE), Purpose.APPLY, OPEN)),
    "create, ended": (
        ENDED,
        CREATE,
        False,
        Step(creates("c-1~2", CREATE, "I1"), Purpose.APPLY, ENDED.follow_up()),
    ),
    "create, new, in doubt": (NEW, CREATE, True, Step(GetInteraction(FIRST), Purpose.AFTER_UNKNOWN, NEW)),
    "create, open, in doubt": (OPEN, CREATE, True, Step(GetInteraction(FIRST), Purpose.AFTER_UNKNOWN, OPEN)),
    "create, ended, in doubt": (
        ENDED,
        CREATE,
        True,
        Step(GetInteraction(BESIDE), Purpose.AFTER_UNKNOWN, ENDED.follow_up()),
    ),
    "update, new": (NEW, UPDATE, False, Step(UPDATES, Purpose.APPLY, NEW)),
    "update, open": (OPEN, UPDATE, False, Step(UPDATES, Purpose.APPLY, OPEN)),
    "update, ended": (
        ENDED,
        UPDATE,
        False,
        Step(creates("c-1~2", UPDATE, "I1"), Purpose.APPLY, ENDED.follow_up()),
    ),
    "update, open, in doubt": (OPEN, UPDATE, True, Step(UPDATES, Purpose.APPLY, OPEN)),
    "update, ended, in doubt": (
        ENDED,
        UPDATE,
        True,
        Step(GetInteraction(BESIDE), Purpose.AFTER_UNKNOWN, ENDED.follow_up()),
    ),
    "stop, new": (NEW, STOP, False, Step(STOPS, Purpose.APPLY, NEW)),
    "stop, open": (OPEN, STOP, False, Step(STOPS, Purpose.APPLY, OPEN)),
    "stop, open, in doubt": (OPEN, STOP, True, Step(STOPS, Purpose.APPLY, OPEN)),
    "stop, ended": (ENDED, STOP, False, Applied(ENDED, "already ended")),
}


@pytest.mark.parametrize(("interaction", "command", "suspect", "decision"), TABLE.values(), ids=TABLE.keys())
def test_the_table_holds(
    interaction: Interaction, command: Command, decision: Step | Applied | Bury, *, suspect: bool
) -> None:
    """Each state and command gives exactly this first call, or this end without one."""
    assert plan(interaction, command, suspect=suspect, mark=MARK) == decision


@pytest.mark.parametrize("on_ended", OnEnded)
@pytest.mark.parametrize("suspect", [False, True])
def test_a_late_update_never_revives_what_was_stopped_after_it_was_sent(
    on_ended: OnEnded, *, suspect: bool
) -> None:
    """Whatever the channel wants of ended interactions, an update older than the stop is superseded by it."""
    late = UPDATE.model_copy(
        update={"received_at": STOPPED - timedelta(microseconds=1), "on_ended": on_ended}
    )
    assert plan(ENDED, late, suspect=suspect, mark=MARK) == Applied(ENDED, "superseded by the stop")


@pytest.mark.parametrize(
    ("on_ended", "decision"),
    [
        (OnEnded.DROP, Applied(ENDED, "dropped: the interaction has ended")),
        (OnEnded.BURY, Bury("ended", "the interaction has ended, and the channel wants a person to decide")),
    ],
)
def test_a_new_update_of_what_has_ended_follows_the_channel(
    on_ended: OnEnded, decision: Applied | Bury
) -> None:
    """From the stop's own time on, the channel's word decides; the follow-up is in the table."""
    update = UPDATE.model_copy(update={"received_at": STOPPED, "on_ended": on_ended})
    assert plan(ENDED, update, suspect=False, mark=MARK) == decision


def test_an_end_without_a_date_supersedes_nothing() -> None:
    """A row that does not say when it ended lets an update open a follow-up."""
    undated = ENDED.model_copy(update={"ended_at": None})
    decision = plan(undated, UPDATE, suspect=False, mark=MARK)
    assert decision == follow_up_step(undated, UPDATE, mark=MARK)


def test_each_follow_up_is_the_next_generation() -> None:
    """The third interaction of a conversation is `~3`, and its parent is the second one."""
    decision = plan(SECOND_ENDED, CREATE, suspect=False, mark=MARK)
    assert isinstance(decision, Step)
    assert decision.operation == creates("c-1~3", CREATE, "I2")
    assert (decision.target.generation, decision.target.state) == (3, State.NEW)
    assert decision.target.interaction_id is None


def test_commands_address_the_present_generation() -> None:
    """Updates and stops of a follow-up go to its own external id."""
    for command in (UPDATE, STOP):
        decision = plan(SECOND, command, suspect=False, mark=MARK)
        assert isinstance(decision, Step)
        assert isinstance(decision.operation, UpdateInteraction | StopInteraction)
        assert decision.operation.reference == BESIDE


def test_the_parent_that_the_sender_names_wins() -> None:
    """Only where the sender knows no parent does the ended interaction become it."""
    named = CREATE.model_copy(update={"parent_interaction_id": "P1"})
    for interaction in (NEW, ENDED):
        decision = plan(interaction, named, suspect=False, mark=MARK)
        assert isinstance(decision, Step)
        assert isinstance(decision.operation, CreateInteraction)
        assert decision.operation.parent_interaction_id == "P1"


@pytest.mark.parametrize(
    ("interaction", "command"), list(itertools.product([NEW, OPEN, ENDED, SECOND_ENDED], [CREATE, UPDATE]))
)
def test_a_doubtful_command_never_begins_with_a_create(interaction: Interaction, command: Command) -> None:
    """In doubt the first call reads, or is an update, which a repetition does not harm."""
    decision = plan(interaction, command, suspect=True, mark=MARK)
    assert isinstance(decision, Step)
    assert not isinstance(decision.operation, CreateInteraction)


def test_every_create_carries_its_marks() -> None:
    """Fingerprint and key are in the user data, over whatever the sender put there under the same name."""
    forged = CREATE.model_copy(update={"user_data": {"bridge_key": "forged"}})
    operation = create_step(NEW, forged, mark=MARK).operation
    assert isinstance(operation, CreateInteraction)
    assert operation.user_data == {"bridge_fingerprint": forged.fingerprint, "bridge_key": "mail:1"}


def test_no_mark_no_marks() -> None:
    """An empty prefix sends nothing of ours and recognises nothing as ours."""
    operation = create_step(NEW, CREATE, mark="").operation
    assert isinstance(operation, CreateInteraction)
    assert operation.user_data == {"Subject": "Hello"}
    assert marks(CREATE, "") == {}
    assert not is_ours(Snapshot(user_data={"Subject": "Hello"}), CREATE, mark="")


@pytest.mark.parametrize(
    ("snapshot", "ours"),
    [
        (Snapshot(user_data={"Subject": "edited since", **CREATE_MARKS}), True),
        (Snapshot(user_data={**CREATE_MARKS, "bridge_key": "mail:9"}), False),
        (Snapshot(user_data={**CREATE_MARKS, "bridge_fingerprint": "0" * 16}), False),
        (Snapshot(user_data={"bridge_key": "mail:1"}), False),
        (Snapshot(), False),
        (None, False),
    ],
)
def test_both_marks_make_it_ours(snapshot: Snapshot | None, *, ours: bool) -> None:
    """One mark alone proves nothing, and neither does an answer that describes nothing."""
    assert is_ours(snapshot, CREATE, mark=MARK) is ours


def test_a_create_that_lost_its_external_id_changes_what_is_there() -> None:
    """Its user data is applied as changes, without marks: what is there is not ours."""
    step = overwrite_step(OPEN, CREATE)
    assert step == Step(UpdateInteraction(FIRST, changed={"Subject": "Hello"}), Purpose.OVERWRITE, OPEN)


def test_an_update_that_lost_its_external_id_goes_to_what_is_there_as_it_is() -> None:
    """What it changes, adds and deletes, in the lists in which the sender put it."""
    assert overwrite_step(OPEN, UPDATE) == Step(UPDATES, Purpose.OVERWRITE, OPEN)


@pytest.mark.parametrize("command", [CREATE, UPDATE], ids=lambda command: command.kind)
def test_in_doubt_a_look_stands_before_a_create(command: Create | Update) -> None:
    """It asks for the very interaction that the create would open, parent and generation included."""
    wanted = follow_up_step(SECOND_ENDED, command, mark=MARK)
    assert looking_first(wanted, suspect=False) == wanted
    look = looking_first(wanted, suspect=True)
    assert look == look_step(SECOND_ENDED.follow_up(), Purpose.AFTER_UNKNOWN)
    assert create_step(look.target, command, mark=MARK) == wanted


def test_what_an_end_means_does_not_depend_on_who_found_it() -> None:
    """The same policy holds for an end the ledger knew and for one a 404 has just told."""
    for suspect in (False, True):
        found = ended_verdict(ENDED, UPDATE, suspect=suspect, mark=MARK)
        assert found == plan(ENDED, UPDATE, suspect=suspect, mark=MARK)


def test_a_conflict_policy_does_not_change_the_first_call() -> None:
    """`on_conflict` speaks only once there is a conflict."""
    decisions = [
        plan(NEW, CREATE.model_copy(update={"on_conflict": policy}), suspect=False, mark="")
        for policy in OnConflict
    ]
    assert all(decision == decisions[0] for decision in decisions)
