"""The tables of live and ended interactions."""

from sandbox.interaction import Interaction
from sandbox.state import State


def one(number: int, external_id: str | None = "a", service: str = "support") -> Interaction:
    """A live interaction."""
    return Interaction(
        id=f"ID{number}",
        service=service,
        external_id=external_id,
        parent_id=None,
        received_at="",
        user_data={},
        created_at="",
    )


def test_a_live_interaction_is_found_by_both_ids() -> None:
    """What was put is found by its id and its external id, and counted once."""
    state = State()
    state.put(one(1))
    state.put(one(1))
    assert state.by_id("ID1") == state.by_external_id("support", "a") == one(1)
    assert (state.live_count("support"), state.live_count("sales"), "ID1" in state) == (1, 0, True)


def test_an_ended_interaction_leaves_its_external_id() -> None:
    """After the end nobody holds the external id, but the last holder is remembered."""
    state = State()
    state.put(one(1))
    ended = one(1).ended("later", "stop")
    state.put(ended)
    assert (state.holders("a"), state.live_count("support")) == ({}, 0)
    assert state.by_external_id("support", "a") == state.last_ended("support", "a") == ended
    assert "ID1" in state


def test_the_live_holder_goes_before_the_ended_one() -> None:
    """An external id used again means the new interaction."""
    state = State()
    state.put(one(1).ended("later", "stop"))
    state.put(one(2))
    assert state.by_external_id("support", "a") == one(2)
    assert [interaction.id for interaction in state] == ["ID2", "ID1"]


def test_services_hold_the_same_external_id_apart() -> None:
    """Ending the holder in one service leaves the other."""
    state = State()
    state.put(one(1))
    state.put(one(2, service="sales"))
    state.put(one(1).ended("later", "stop"))
    assert state.holders("a") == {"sales": one(2, service="sales")}


def test_interactions_without_external_id_end_too() -> None:
    """An interaction without an external id is found by its id alone."""
    state = State()
    state.put(one(1, external_id=None))
    state.put(one(1, external_id=None).ended("later", "stop"))
    assert [interaction.live for interaction in state] == [False]


def test_the_oldest_ended_are_forgotten() -> None:
    """Past the limit the interaction that ended first is forgotten, with its external id unless reused."""
    state = State(ended_limit=1)
    state.put(one(1).ended("later", "stop"))
    state.put(one(2).ended("later", "stop"))
    assert (state.by_id("ID1"), state.last_ended("support", "a")) == (None, one(2).ended("later", "stop"))
    state.put(one(3, "b").ended("later", "stop"))
    assert state.last_ended("support", "a") is None
