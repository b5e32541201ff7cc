"""What became of a command is read from its conversation, and nothing is guessed."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from connectors.hosts.commands.outcome import Fate, outcome_of, told_history
from worker.interactions import Interaction, State
from worker.lanes import Entry, LaneView, Queued

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DUE = NOW + timedelta(seconds=9)


def line(sequence: int, event: str, **detail: JsonValue) -> Entry:
    """Return a line of history."""
    return Entry(at=NOW, event=event, sequence=sequence, detail=detail)


def view(*history: Entry, head: int | None = None, accepted: int = 3, parked: bool = False) -> LaneView:
    """Return a conversation whose lane begins with the command `head`."""
    row = Interaction(service="support", external_id="c-1", state=State.OPEN, interaction_id="I1")
    pending = () if head is None else (Queued(head, "r", NOW, None),)
    return LaneView(row, pending, history, attempt=4, due=DUE, parked=parked, accepted=accepted)


@pytest.mark.parametrize(
    ("conversation", "state", "facts"),
    [
        (view(line(2, "received"), head=2), Fate.WAITING, {"attempts": 4, "due": DUE}),
        (view(line(2, "received"), head=1), Fate.WAITING, {"attempts": 0, "due": None}),
        (
            view(line(2, "received"), line(2, "deferred", reason="429", attempt=3), head=2),
            Fate.WAITING,
            {"reason": "429", "attempts": 3},
        ),
        (view(line(2, "received"), head=1, parked=True), Fate.WAITING, {"parked": True}),
        (view(head=1), Fate.WAITING, {}),
        (
            view(line(2, "received"), line(2, "applied", note="updated", attempt=1)),
            Fate.APPLIED,
            {"note": "updated", "attempts": 1, "at": NOW, "due": None},
        ),
        (view(line(2, "merged", into=3), head=None), Fate.MERGED, {"merged_into": 3}),
        (
            view(line(2, "buried", cause="rejected", reason="no", letter="L1"), head=3, parked=True),
            Fate.BURIED,
            {"cause": "rejected", "reason": "no", "letter": "L1", "parked": False},
        ),
        (
            view(line(2, "buried"), line(2, "discarded", reason="test data", letter="L1")),
            Fate.DISCARDED,
            {"reason": "test data"},
        ),
        (view(line(2, "buried"), line(2, "received"), head=2), Fate.WAITING, {}),
        (view(line(3, "applied")), Fate.FORGOTTEN, {"at": None}),
        (view(line(3, "received"), head=3), Fate.FORGOTTEN, {"at": None}),
        (view(line(2, "received"), line(2, "from-a-newer-bridge")), Fate.FORGOTTEN, {}),
    ],
)
def test_the_table_holds(conversation: LaneView, state: Fate, facts: dict[str, object]) -> None:
    """Each line of history means one thing for the command of its number."""
    outcome = outcome_of(conversation, 2)
    assert outcome is not None
    assert (outcome.state, outcome.sequence, outcome.interaction_id) == (state, 2, "I1")
    assert {name: getattr(outcome, name) for name in facts} == facts


@pytest.mark.parametrize("sequence", [0, -1, 4])
def test_a_command_that_was_never_accepted_has_no_outcome(sequence: int) -> None:
    """Numbers begin with 1 and end with the last one given."""
    assert outcome_of(view(line(3, "applied")), sequence) is None


@pytest.mark.parametrize(
    ("conversation", "known", "still"),
    [
        (view(head=2), False, False),
        (view(head=2, parked=True), False, True),
        (view(line(2, "applied")), True, True),
    ],
)
def test_a_parked_command_is_not_waited_for(conversation: LaneView, *, known: bool, still: bool) -> None:
    """It is not out of its lane, but only a person can move it."""
    outcome = outcome_of(conversation, 2)
    assert outcome is not None
    assert (outcome.is_known, outcome.stands_still) == (known, still)


def test_the_evidence_of_calls_stays_inside() -> None:
    """A caller is told what happened and why; addresses and answers of the API are for operators."""
    (told,) = told_history([line(1, "deferred", reason="503", calls=[{"detail": "inside"}], note=7)])
    assert told.model_dump(exclude={"at"}) == {
        "event": "deferred",
        "sequence": 1,
        "note": "",
        "reason": "503",
    }
