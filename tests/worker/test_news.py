"""News follow from what the ledger said before and says now."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Create, Update
from worker.interactions import EndedBy, Interaction
from worker.letters import DeadCommand
from worker.news import of_burial, of_change
from worker.notices import NoticeKind

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)
NEW = Interaction(service="support", external_id="c-1")
OPEN = NEW.opened(interaction_id="I1", channel="mail", at=BEFORE)
TOUCHED = OPEN.opened(interaction_id="I1", channel="mail", at=NOW)
ENDED = OPEN.ended(by=EndedBy.BRIDGE, tombstone=NOW, at=NOW)
GONE = OPEN.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW)
SECOND = GONE.follow_up().opened(interaction_id="I2", channel="chat", at=NOW)
UPDATE = Update(
    service="support",
    external_id="c-1",
    idempotency_key="chat:2",
    channel="chat",
    received_at=NOW,
    changed={"Secret": "a customer's words"},
    trace_id="0" * 32,
)
CREATED, FOLLOWED_UP = NoticeKind.CREATED, NoticeKind.FOLLOWED_UP
UPDATED, STOPPED = NoticeKind.UPDATED, NoticeKind.STOPPED

CHANGES = {
    "it is opened": (NEW, OPEN, [(CREATED, 1, "I1", "")]),
    "it is changed": (OPEN, TOUCHED, [(UPDATED, 1, "I1", "")]),
    "it is warned": (OPEN, OPEN.warned(at=NOW), [(UPDATED, 1, "I1", "")]),
    "it is stopped": (OPEN, ENDED, [(STOPPED, 1, "I1", "bridge")]),
    "a sweep stops it": (
        OPEN,
        OPEN.ended(by=EndedBy.SWEEP, tombstone=NOW, at=NOW),
        [(STOPPED, 1, "I1", "sweep")],
    ),
    "it is found gone": (OPEN, GONE, [(STOPPED, 1, "I1", "elsewhere")]),
    "the next one follows": (ENDED, SECOND, [(FOLLOWED_UP, 2, "I2", "")]),
    "it is found gone and the next one follows": (
        OPEN,
        SECOND,
        [(STOPPED, 1, "I1", "elsewhere"), (FOLLOWED_UP, 2, "I2", "")],
    ),
    "a stranger's is stopped": (
        NEW,
        NEW.ended(by=EndedBy.BRIDGE, tombstone=NOW, at=NOW),
        [(STOPPED, 1, None, "bridge")],
    ),
    "a stop finds nothing where nothing was": (
        NEW,
        NEW.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW),
        [],
    ),
    "what is dropped changes nothing": (OPEN, OPEN, []),
    "what came late changes nothing": (ENDED, ENDED, []),
    "a sweep leaves it alone": (OPEN, OPEN.left_alone(at=NOW), []),
    "a sweep leaves alone what it had warned": (
        OPEN.warned(at=BEFORE),
        OPEN.warned(at=BEFORE).left_alone(at=NOW),
        [],
    ),
    "activity after a warning": (OPEN.warned(at=BEFORE), TOUCHED, [(UPDATED, 1, "I1", "")]),
}


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_each_change_is_told(
    before: Interaction, after: Interaction, expected: list[tuple[NoticeKind, int, str | None, str]]
) -> None:
    """What happened, to which interaction, and by whom it ended."""
    told = of_change(before, after, UPDATE, sequence=2, note="so", at=NOW)
    assert [(each.kind, each.generation, each.interaction_id, each.ended_by) for each in told] == expected
    assert len({each.id for each in told}) == len(told)
    for each in told:
        assert (each.service, each.external_id, each.at) == ("support", "c-1", NOW)
        assert (each.sequence, each.command, each.channel) == (2, "update", "chat")
        assert (each.note, each.trace_id) == ("so", "0" * 32)


def test_who_opened_it_is_said_beside_who_sent_the_command() -> None:
    """A subscriber to one channel hears of what others do to its interactions."""
    (told,) = of_change(OPEN, ENDED, UPDATE, sequence=2, note="stopped", at=NOW)
    assert (told.opened_by, told.channel) == ("mail", "chat")


def test_the_parent_of_a_follow_up_is_said() -> None:
    """The interaction that it follows."""
    (told,) = of_change(ENDED, SECOND, UPDATE, sequence=2, note="created", at=NOW)
    assert told.parent_interaction_id == "I1"


def test_what_no_command_was_behind_is_told_too() -> None:
    """The bridge found it gone."""
    (told,) = of_change(OPEN, GONE, None, sequence=0, note="gone", at=NOW)
    assert (told.kind, told.sequence, told.command, told.channel) == (STOPPED, 0, "", "")


def test_user_data_is_never_told() -> None:
    """It may be personal, and a receiver that needs it can ask for it."""
    told = of_change(NEW, OPEN, UPDATE, sequence=1, note="created", at=NOW)
    assert "customer" not in "".join(each.model_dump_json() for each in told)


def letter(letter_id: str) -> DeadCommand:
    """Return a burial of the same command."""
    create = Create(
        service="support", external_id="c-1", idempotency_key="mail:1", channel="mail", received_at=NOW
    )
    return DeadCommand(
        id=letter_id,
        cause="rejected",
        reason="400 no",
        buried_at=NOW,
        attempts=1,
        sequence=1,
        command=create,
    )


def test_a_burial_is_told_with_its_letter() -> None:
    """Enough to find it: its group, its reason and its id."""
    told = of_burial(NEW, letter("L1"))
    assert (told.kind, told.cause, told.reason, told.letter) == (NoticeKind.DEAD, "rejected", "400 no", "L1")
    assert (told.sequence, told.command, told.channel, told.at) == (1, "create", "mail", NOW)


def test_ids_tell_what_differs_and_nothing_else() -> None:
    """The same fact has the same id in every process; a second burial, or a later life, has another."""

    def id_of(at: datetime = NOW, service: str = "support") -> str:
        row = NEW.model_copy(update={"service": service})
        changed = OPEN.model_copy(update={"service": service})
        (told,) = of_change(row, changed, UPDATE, sequence=1, note="created", at=at)
        return told.id

    assert id_of() == id_of()
    assert len({id_of(), id_of(at=NOW + timedelta(days=40)), id_of(service="sales")}) == 3
    assert of_burial(NEW, letter("L1")).id != of_burial(NEW, letter("L2")).id
    assert "." not in id_of()
