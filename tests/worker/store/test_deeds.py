"""What people did is remembered for its time, in Redis as in memory."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from worker.deeds import Deed
from worker.ports import Store
from worker.store import deeds as module

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def redis_user() -> str:
    """The console and the command line come as this one."""
    return "ops"


def deed(number: int, outcome: str = "done") -> Deed:
    """Return a deed so many minutes after noon."""
    return Deed(
        id=f"d{number}",
        at=NOW + timedelta(minutes=number),
        person="ann",
        role="operator",
        how="account",
        action="replay",
        target="support",
        outcome=outcome,
    )


def test_the_newest_come_first_and_the_rest_by_pages(run: Run) -> None:
    """One of the same id takes the place of the first: its outcome became known."""

    async def body(store: Store) -> None:
        for number in (2, 0, 1):
            await store.record_deed(deed(number, "under way"), retention=DAY)
        await store.record_deed(deed(1), retention=DAY)
        assert await store.deeds(limit=2) == (deed(2, "under way"), deed(1))
        assert await store.deeds(limit=9, before=deed(1).at) == (deed(0, "under way"),)
        assert await store.deeds(limit=9, before=NOW) == ()

    run(body)


def test_old_ones_make_room(run: Run) -> None:
    """After their retention."""

    async def body(store: Store) -> None:
        await store.record_deed(deed(0), retention=DAY)
        await store.record_deed(deed(24 * 60), retention=DAY)
        assert len(await store.deeds(limit=9)) == 2
        await store.record_deed(deed(24 * 60 + 1), retention=DAY)
        assert [each.id for each in await store.deeds(limit=9)] == ["d1441", "d1440"]

    run(body)


def test_there_are_never_more_than_the_cap(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first."""
    monkeypatch.setattr(module, "CAP", 3)

    async def body(store: Store) -> None:
        for number in range(5):
            await store.record_deed(deed(number), retention=DAY)
        assert [each.id for each in await store.deeds(limit=9)] == ["d4", "d3", "d2"]

    run(body)
