"""Callers wait for outcomes: so many at once, so long, and never in vain."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from connectors.hosts.commands.outcome import Fate, Outcome
from connectors.hosts.commands.waiting import WaitingRoom
from worker.errors import StoreUnavailable
from worker.interactions import Interaction
from worker.lanes import Entry, LaneView, Queued, Receipt
from worker.store.memory_reading import MemoryReading

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROW = Interaction(service="support", external_id="c-1")
RECEIPT = Receipt(id="r1", service="support", external_id="c-1", sequence=1, position=0, accepted_at=NOW)
WAITS = LaneView(ROW, (Queued(1, "r1", NOW, None),), (), attempt=0, due=NOW, parked=False, accepted=1)
DONE = LaneView(
    ROW, (), (Entry(at=NOW, event="applied", sequence=1),), attempt=0, due=None, parked=False, accepted=1
)


@dataclass
class Looks(MemoryReading):
    """The one question that is asked of a ledger: a prepared answer each time, the last one for ever."""

    views: list[LaneView | BaseException | None]
    asked: list[int | None] = field(default_factory=list)

    async def view(self, service: str, external_id: str, *, pending: int | None = None) -> LaneView | None:
        """Give the next view."""
        assert (service, external_id) == ("support", "c-1")
        self.asked.append(pending)
        found = self.views.pop(0) if len(self.views) > 1 else self.views[0]
        if isinstance(found, BaseException):
            raise found
        return found


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the room slept between looks; no time passes."""
    pauses: list[float] = []
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        pauses.append(seconds)
        now += seconds

    class Loop:
        def time(self) -> float:
            return now

    monkeypatch.setattr("connectors.hosts.commands.waiting.asyncio.sleep", sleep)
    monkeypatch.setattr("connectors.hosts.commands.waiting.asyncio.get_running_loop", Loop)
    return pauses


def wait(looks: Looks, *, seconds: float = 5, seats: int = 1) -> Outcome | None:
    """Wait in a room of one's own."""
    return asyncio.run(WaitingRoom(looks, seats=seats).outcome(RECEIPT, seconds=seconds))


def test_it_ends_with_the_outcome(slept: list[float]) -> None:
    """It looks at once, then less and less often, and only at the head of the lane."""
    looks = Looks([WAITS, WAITS, WAITS, DONE])
    outcome = wait(looks)
    assert outcome is not None
    assert outcome.state is Fate.APPLIED
    assert slept == [0.03, 0.045, 0.0675]
    assert looks.asked == [1, 1, 1, 1]


def test_it_ends_in_time(slept: list[float]) -> None:
    """What still waits then is said to wait; the last look is at the very end."""
    outcome = wait(Looks([WAITS]), seconds=5)
    assert outcome is not None
    assert outcome.state is Fate.WAITING
    assert sum(slept) == pytest.approx(5)
    assert max(slept) == 0.5
    assert len(slept) == 16


@pytest.mark.parametrize("last", [StoreUnavailable("away")])
def test_a_store_that_goes_away_ends_the_wait(slept: list[float], last: BaseException) -> None:
    """The command was accepted all the same: nothing is raised, and the seat is free again."""
    room = WaitingRoom(Looks([WAITS, last, DONE]), seats=1)

    async def body() -> None:
        assert await room.outcome(RECEIPT, seconds=5) is None
        assert await room.outcome(RECEIPT, seconds=5) is not None

    asyncio.run(body())
    assert slept == [0.03]


def test_a_conversation_that_nobody_knows_has_no_outcome(slept: list[float]) -> None:
    """A row that is gone, or in a format of a newer bridge."""
    assert wait(Looks([None]), seconds=0.1) is None
    assert slept


def test_seats_are_limited() -> None:
    """One more than fit is not let in, and a seat is free again when its caller leaves early."""
    room = WaitingRoom(Looks([WAITS]), seats=2)

    async def enter() -> Outcome | None:
        return await room.outcome(RECEIPT, seconds=60)

    async def body() -> None:
        waiting = [asyncio.ensure_future(enter()) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert await enter() is None
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        again = asyncio.ensure_future(enter())
        await asyncio.sleep(0.01)
        assert not again.done()
        again.cancel()

    asyncio.run(body())


def test_without_seats_nobody_waits() -> None:
    """The setting 0 switches it off."""
    assert wait(Looks([DONE]), seats=0) is None
