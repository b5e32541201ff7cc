"""A ledger row goes from new to open to ended, and a follow-up is its next generation."""

from datetime import UTC, datetime, timedelta

from worker.interactions import EndedBy, Idleness, Interaction, State

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
NEW = Interaction(service="support", external_id="c-1")
OPEN = NEW.opened(interaction_id="I1", channel="mail", at=NOW)
ENDED = OPEN.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=LATER)


def test_an_opened_row_says_who_opened_it_and_when() -> None:
    """The first confirmation counts: a later one is only activity."""
    assert (OPEN.state, OPEN.interaction_id, OPEN.channel) == (State.OPEN, "I1", "mail")
    again = OPEN.opened(interaction_id=None, channel="chat", at=LATER)
    assert (again.interaction_id, again.channel) == ("I1", "mail")
    assert (again.opened_at, again.last_activity_at) == (NOW, LATER)


def test_an_ended_row_keeps_its_tombstone() -> None:
    """The time that late updates are measured against may differ from that of the last activity."""
    assert (ENDED.state, ENDED.ended_by) == (State.ENDED, EndedBy.ELSEWHERE)
    assert (ENDED.ended_at, ENDED.last_activity_at) == (NOW, LATER)


def test_a_row_that_is_opened_again_has_no_end() -> None:
    """What is live has no tombstone."""
    again = ENDED.opened(interaction_id="I2", channel="mail", at=LATER)
    assert (again.state, again.ended_at, again.ended_by) == (State.OPEN, None, None)


def test_a_follow_up_begins_afresh_under_its_own_id() -> None:
    """Nothing of the first interaction is taken for the second one's; it is only named as its parent."""
    follow_up = ENDED.follow_up()
    assert follow_up.remote_id == "c-1~2"
    assert follow_up.follow_up().remote_id == "c-1~3"
    assert follow_up == Interaction(
        service="support",
        external_id="c-1",
        generation=2,
        parent_interaction_id=ENDED.interaction_id,
        last_activity_at=LATER,
    )
    assert NEW.remote_id == "c-1"


def test_what_sweeps_do_is_no_activity() -> None:
    """The row counts it until something happens again."""
    warned = OPEN.warned(at=LATER)
    left = warned.left_alone(at=LATER).left_alone(at=LATER)
    assert (left.last_activity_at, left.state) == (OPEN.last_activity_at, State.OPEN)
    assert left.idleness == Idleness(warned_at=LATER, left=2, left_at=LATER)
    assert left.opened(interaction_id=None, channel="mail", at=LATER).idleness is None
    assert left.ended(by=EndedBy.SWEEP, tombstone=LATER, at=LATER).idleness is None
    assert left.follow_up().idleness is None
