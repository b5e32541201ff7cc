"""Events are facts: frozen, named, and free of bodies and secrets."""

import dataclasses
import typing

import pytest

from worker.events import Event, LeaseLost, StoreDoubtful

EVERY = typing.get_args(Event)
#: Field names that would let content or secrets into a log.
PRIVATE = {"body", "user_data", "headers", "secret", "key", "command", "address", "peer"}


@pytest.mark.parametrize("event", EVERY, ids=lambda event: event.__name__)
def test_no_event_carries_a_body_or_a_secret(event: type) -> None:
    """Whoever listens may write down every field."""
    names = {each.name for each in dataclasses.fields(event)}
    assert "service" in names or event is StoreDoubtful, "the store is every service's"
    assert not names & PRIVATE
    assert event.__doc__


def test_a_fact_does_not_change() -> None:
    """What happened has happened."""
    event = LeaseLost("support", "c-1", 7)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.fence = 8
