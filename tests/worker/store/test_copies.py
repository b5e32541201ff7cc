"""What is waited for behind a batch: a mark in its slot, and so many replicas."""

import pytest
from redis.crc import key_slot
from redis.exceptions import ResponseError

from worker.errors import StoreUnavailable
from worker.store.copies import Copies, mark_beside


def test_nothing_is_waited_for_unless_asked() -> None:
    """A store without replicas pays nothing."""
    assert Copies(0, 5).asked("bridge:{support/0}:due") == []
    Copies(0, 5).check([])


def test_each_batch_writes_a_mark_and_waits() -> None:
    """The mark makes WAIT look at a batch that only repeated; twice they take less than the time-out."""
    mark, wait = Copies(2, 6).asked("bridge:{support/0}:due")
    assert b"bridge:{support/0}:copied" in mark
    assert wait == b"*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$4\r\n2000\r\n"


@pytest.mark.parametrize("key", ["bridge:{support/3}:row:a}b", "bridge:{slots}:sweep"])
def test_the_mark_stands_in_the_slot_of_the_key(key: str) -> None:
    """A cluster refuses what belongs to another node."""
    assert key_slot(mark_beside(key).encode()) == key_slot(key.encode())


def test_too_few_copies_are_none() -> None:
    """Nobody is told that something was accepted which one machine alone has."""
    Copies(2, 5).check([b"OK", 2])
    with pytest.raises(StoreUnavailable, match="1 of 2 replicas"):
        Copies(2, 5).check([b"OK", 1])


def test_a_refused_mark_is_an_error() -> None:
    """A user who may not write it, say."""
    with pytest.raises(ResponseError, match="NOPERM"):
        Copies(1, 5).check([ResponseError("NOPERM"), 1])
