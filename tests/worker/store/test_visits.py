"""Visits, attempts and tickets, in Redis as in memory."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from worker.ports import Store
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.visits import Visit

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
VISIT = Visit(
    person="ann", role="viewer", how="account", rests_on="x", began_at=NOW, ends_at=NOW + timedelta(hours=12)
)


@pytest.fixture
def redis_user() -> str:
    """The console and the command line come as this one."""
    return "ops"


def test_a_visit_is_known_until_it_is_closed(run: Run) -> None:
    """Closing it twice is no harm."""

    async def body(store: Store) -> None:
        assert await store.visit("a", idle=HOUR) is None
        await store.open_visit("a", VISIT, idle=HOUR)
        assert await store.visit("a", idle=HOUR) == VISIT
        assert await store.visit("b", idle=HOUR) is None
        for _ in range(2):
            await store.close_visit("a")
        assert await store.visit("a", idle=HOUR) is None

    run(body)


def test_all_visits_of_a_person_are_over_at_once(run: Run) -> None:
    """Up to a moment that the last one who said so gave; nobody else's are."""

    async def body(store: Store) -> None:
        assert await store.visits_ended("ann") is None
        for at in (NOW, NOW + HOUR):
            await store.end_visits("ann", at=at, remember=HOUR)
            assert await store.visits_ended("ann") == at
        assert await store.visits_ended("bob") is None

    run(body)


def test_attempts_are_counted_until_they_are_forgotten(run: Run) -> None:
    """Each thing by itself, however many count at once."""

    async def body(store: Store) -> None:
        counts = await asyncio.gather(*(store.count_attempt("a", window=HOUR) for _ in range(5)))
        assert sorted(counts) == [1, 2, 3, 4, 5]
        assert await store.count_attempt("b", window=HOUR) == 1
        await store.forget_attempts("a")
        assert await store.count_attempt("a", window=HOUR) == 1

    run(body)


def test_a_ticket_is_taken_once(run: Run) -> None:
    """Whoever comes second has none."""

    async def body(store: Store) -> None:
        await store.leave_ticket("a", "größer", lifetime=HOUR)
        taken = await asyncio.gather(*(store.take_ticket("a") for _ in range(3)))
        assert sorted(taken, key=str) == [None, None, "größer"]

    run(body)


def test_everything_ends_by_itself(redis_url: str) -> None:
    """In Redis: a visit when it idles, the count when its window ends, a ticket after its lifetime."""

    async def main() -> None:
        store = RedisStore.open(redis_url, Limits(), timeout_s=5)
        await store.open_visit("a", VISIT, idle=HOUR)
        await store.visit("a", idle=2 * HOUR)
        await store.count_attempt("a", window=HOUR)
        await store.count_attempt("a", window=3 * HOUR)
        await store.leave_ticket("a", "t", lifetime=HOUR)
        await store.end_visits("ann", at=NOW, remember=3 * HOUR)
        redis = store._link.redis
        left = {key.decode(): await redis.pttl(key) for key in await redis.keys("bridge:{visits}:*")}
        hours = {key.removeprefix("bridge:{visits}:"): -(-each // 3_600_000) for key, each in left.items()}
        assert hours == {"visit:a": 2, "attempts:a": 1, "ticket:a": 1, "ended:ann": 3}
        await store.aclose()

    asyncio.run(main())
