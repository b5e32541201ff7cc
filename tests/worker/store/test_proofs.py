"""Proofs are remembered for the place that gave them, and without one only so much is ventured."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from worker.ports import Store
from worker.store.limits import Limits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HERE, THERE = "https://api.example.com/nexus/v3", "https://other.example.com/nexus/v3"

Run = Callable[[Callable[[Store], Awaitable[None]]], None]


@pytest.fixture(params=["memory", "redis"])
def run(request: pytest.FixtureRequest, redis_url: str) -> Run:
    """Play a scene with an empty store of each kind."""

    def play(scene: Callable[[Store], Awaitable[None]]) -> None:
        async def main() -> None:
            memory = request.param == "memory"
            store = MemoryStore() if memory else RedisStore.open(redis_url, Limits(), timeout_s=5)
            await scene(store)
            await store.aclose()

        asyncio.run(main())

    return play


def test_a_proof_is_that_of_its_place(run: Run) -> None:
    """Another address of the API has shown nothing; the newest proof counts."""

    async def scene(store: Store) -> None:
        assert await store.proved("support", HERE) is None
        for hours in (0, 1):
            await store.prove("support", HERE, now=NOW + timedelta(hours=hours))
        assert await store.proved("support", HERE) == NOW + timedelta(hours=1)
        assert await store.proved("support", THERE) is None
        assert await store.proved("billing", HERE) is None

    run(scene)


def test_without_a_proof_only_so_much_is_ventured(run: Run) -> None:
    """Within a time; the same one again is answered alike and counts once."""

    async def scene(store: Store) -> None:
        async def venture(name: str, hours: float = 0) -> bool:
            now = NOW + timedelta(hours=hours)
            return await store.venture("support", name, cap=2, within=DAY, now=now)

        names = ("c-1", "c-1", "c-2", "c-3", "c-1", "c-3")
        assert [await venture(each) for each in names] == [True, True, True, False, True, False]
        assert not await venture("c-4", hours=23)
        assert await venture("c-4", hours=25)
        assert not await store.venture("billing", "c-1", cap=0, within=DAY, now=NOW)

    run(scene)


def test_a_doubt_has_a_beginning_and_a_proof_ends_it(run: Run) -> None:
    """Only its beginning is news; with the proof all is as in the beginning."""

    async def scene(store: Store) -> None:
        assert await store.venture("support", "c-1", cap=1, within=DAY, now=NOW)
        assert await store.doubted("support") is None
        assert [await store.doubt("support", now=NOW + timedelta(hours=h)) for h in (0, 1)] == [True, False]
        assert await store.doubted("support") == NOW
        await store.prove("support", HERE, now=NOW)
        assert await store.doubted("support") is None
        assert await store.venture("support", "c-2", cap=1, within=DAY, now=NOW)

    run(scene)
