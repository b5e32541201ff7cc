"""Python's collector leaves alone what was there when a process began to serve."""

import gc
from collections.abc import Iterator

import pytest

from worker.collector import COLLECTED_AFTER, leave_alone_what_stays


@pytest.fixture
def _as_before() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("_as_before")
def test_what_stays_is_not_looked_at_again() -> None:
    """What is there is frozen, and what comes later is collected as ever."""
    stays: list[object] = []
    leave_alone_what_stays()
    comes: list[object] = []
    assert gc.get_threshold()[0] == COLLECTED_AFTER
    watched = [id(each) for each in gc.get_objects()]
    assert id(comes) in watched
    assert id(stays) not in watched
