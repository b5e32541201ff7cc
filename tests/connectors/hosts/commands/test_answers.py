"""What a caller is told, and where it is sent to look."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from connectors.hosts.commands.answers import answer, command_path, interaction_path, ledger_view, live_view
from worker.commands import Stop
from worker.interactions import Interaction, State
from worker.lanes import LaneView, Queued, Receipt
from worker.outcomes import Snapshot

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STOP = Stop(service="support", external_id="a", idempotency_key="k", channel="c", received_at=NOW)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50))
def test_every_id_is_one_segment_of_a_path(external_id: str) -> None:
    """Nothing in an id is read as a slash, a query or a header's end."""
    path = interaction_path("support", external_id)
    assert path.isascii()
    assert path.isprintable()
    assert path.count("/") == 5
    assert not {"?", "#", " ", '"'} & set(path)


def test_a_command_is_found_behind_its_interaction() -> None:
    """By its number."""
    receipt = Receipt(id="r", service="support", external_id="a/b", sequence=7, position=0, accepted_at=NOW)
    assert command_path(receipt) == "/v1/services/support/interactions/a%2Fb/commands/7"


def test_the_ledger_is_told_without_what_commands_carry() -> None:
    """What waits is listed by number and kind; one that cannot be read has none."""
    row = Interaction(service="support", external_id="a", state=State.OPEN, generation=2)
    pending = (Queued(3, "r", NOW, STOP), Queued(4, "s", NOW, None))
    told = ledger_view(LaneView(row, pending, (), attempt=2, due=NOW, parked=False, accepted=4))
    assert [(each.sequence, each.kind) for each in told.waiting] == [(3, "stop"), (4, None)]
    assert (told.remote_id, told.generation, told.state) == ("a~2", 2, State.OPEN)
    assert (told.accepted, told.attempt, told.due) == (4, 2, NOW)


def test_an_answer_that_describes_nothing_still_says_found() -> None:
    """The reference promises no body."""
    assert live_view(None).model_dump() == {
        "found": True,
        "interaction_id": None,
        "state": None,
        "user_data": {},
    }
    assert live_view(Snapshot(interaction_id="I1")).interaction_id == "I1"


def test_nobody_learns_of_anothers_key() -> None:
    """Our marks at the API hold the key under which the interaction was created."""
    marked = {"bridge_key": "api.other:secret-order", "bridge_fingerprint": "ab", "Subject": "Hello"}
    assert live_view(Snapshot(user_data=marked)).user_data == {"Subject": "Hello"}


def test_answers_are_nobodys_to_keep() -> None:
    """A receipt or a state that a cache gave would be wrong soon."""
    response = answer(202, live_view(None), Preference_Applied="wait=5")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["preference-applied"] == "wait=5"
    assert response.headers["content-type"] == "application/json"
