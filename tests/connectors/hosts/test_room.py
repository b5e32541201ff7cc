"""A process takes in no more at a time than it was given room for."""

import pytest

from connectors.hosts.room import NoRoom, Room


def test_places_are_few_and_come_free_again() -> None:
    """The second delivery has no place before the first one left."""
    room = Room(deliveries=1, body_bytes=10)
    with room.enter(), pytest.raises(NoRoom):
        room.enter()
    with room.enter():
        pass


def test_bytes_are_shared_and_given_back() -> None:
    """What one delivery holds another one cannot have, until it leaves."""
    room = Room(deliveries=9, body_bytes=10)
    with room.enter() as second:
        with room.enter() as first:
            first.take(4)
            first.take(3)
            second.take(3)
            with pytest.raises(NoRoom):
                second.take(1)
        second.take(7)
        with pytest.raises(NoRoom):
            second.take(1)
