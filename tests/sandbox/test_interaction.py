"""The interaction as a value."""

from sandbox.interaction import Interaction

ONE = Interaction(
    id="0A",
    service="support",
    external_id="a",
    parent_id=None,
    received_at="2026-01-31T09:30:00Z",
    user_data={"k": 1},
    created_at="2026-01-31T09:30:00.000000Z",
)


def test_a_live_interaction_shows_what_the_contract_names() -> None:
    """An interaction shows the fields of the contract, its id under the name asked for."""
    assert ONE.shown("interactionId") == {
        "interactionId": "0A",
        "externalId": "a",
        "parentInteractionId": None,
        "mediaType": "openmedia",
        "state": "active",
        "receivedAt": "2026-01-31T09:30:00Z",
        "userData": {"k": 1},
    }


def test_ending_makes_another_value() -> None:
    """Ending an interaction leaves the live value as it was."""
    ended = ONE.ended("2026-01-31T10:00:00.000000Z", "agent")
    assert (ONE.live, ended.live, ended.state) == (True, False, "stopped")
    assert ended.described()["endedBy"] == "agent"


def test_a_record_makes_the_same_interaction_again() -> None:
    """The journal's form loses nothing."""
    assert Interaction(**ONE.record()) == ONE  # type: ignore[arg-type]  # the record's values are the fields'
