"""Work is done once in a slot, and one that breaks off costs its own slot only."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from worker.slots import once
from worker.store.memory import MemoryStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Worker:
    """Does the work when its slot comes, and counts how often."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.now = NOW
        self.done = 0
        self.broken = False
        self.tokens: Iterator[int] = count()

    async def _work(self) -> None:
        self.done += 1
        if self.broken:
            raise ZeroDivisionError

    def ask(self, seconds: float) -> bool:
        """Ask so many seconds into the test."""
        self.now = NOW + timedelta(seconds=seconds)
        asked = once(
            self.store,
            "audit",
            self._work,
            every=timedelta(minutes=1),
            clock=lambda: self.now,
            ids=lambda: str(next(self.tokens)),
        )
        return asyncio.run(asked)


def test_the_work_is_done_once_in_a_slot() -> None:
    """However often it is asked for."""
    worker = Worker()
    assert [worker.ask(seconds) for seconds in (0, 1, 59, 60, 61)] == [True, False, False, True, False]
    assert worker.done == 2


def test_what_breaks_off_is_for_the_next_slot() -> None:
    """The slot is used up, and what went wrong is not hidden."""
    worker = Worker()
    worker.broken = True
    with pytest.raises(ZeroDivisionError):
        worker.ask(0)
    worker.broken = False
    assert [worker.ask(1), worker.ask(60)] == [False, True]
