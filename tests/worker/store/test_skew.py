"""How far two clocks are apart is never said to be more than it surely is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.store.skew import apart

NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return a moment after noon."""
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("theirs_s", "ahead_s"),
    [(1.0, 0), (0.0, 0), (2.0, 0), (-3.0, 3), (5.0, -3)],
    ids=["between", "at the first look", "at the second", "earlier", "later"],
)
def test_what_the_way_may_have_taken_does_not_count(theirs_s: float, ahead_s: float) -> None:
    """Their clock is read between 0 and 2 s of ours."""
    assert apart(at(0), at(theirs_s), at(2)) == timedelta(seconds=ahead_s)


@pytest.mark.parametrize("off_s", [0, 100, -100])
def test_a_real_server_is_asked(redis_url: str, off_s: float) -> None:
    """Its clock is this machine's own; ours is set."""

    async def ahead() -> timedelta:
        store = RedisStore.open(redis_url, Limits(), timeout_s=5)
        try:
            return await store.ahead(lambda: datetime.now(UTC) + timedelta(seconds=off_s))
        finally:
            await store.aclose()

    found = asyncio.run(ahead()).total_seconds()
    assert abs(found - off_s) < 5
    assert (found == 0) is (off_s == 0)


def test_one_slow_look_does_no_harm(redis_url: str) -> None:
    """The machine was busy between its first look and the answer: the other looks count."""
    late = iter([timedelta(seconds=9), *[timedelta()] * 5])

    async def ahead() -> timedelta:
        store = RedisStore.open(redis_url, Limits(), timeout_s=5)
        try:
            return await store.ahead(lambda: datetime.now(UTC) + next(late))
        finally:
            await store.aclose()

    assert asyncio.run(ahead()) == timedelta()
