"""Erasure in a real Redis: what happened stays, what was said goes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from worker.commands import Create
from worker.lanes import Entry, Partition
from worker.store.keys import Keys
from worker.store.limits import Limits
from worker.store.redis import RedisStore

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
LINE = Entry(at=NOW, event="erased", sequence=1)
KEYS = Keys.of(Partition("support", 0))
Body = Callable[[RedisStore, Redis], Awaitable[None]]


@pytest.fixture
def run(redis_url: str) -> Callable[[Body], None]:
    """Run a test body with a store that has one command waiting, and its Redis."""

    def runner(body: Body) -> None:
        async def main() -> None:
            store = RedisStore.open(redis_url, Limits(), timeout_s=5)
            command = Create(
                service="support",
                external_id="c-1",
                idempotency_key="mail:1",
                channel="mail",
                received_at=NOW,
            )
            try:
                await store.append(command, receipt_id="r", now=NOW)
                await body(store, store._link.redis)
            finally:
                await store.aclose()

        asyncio.run(main())

    return runner


def test_what_waits_is_left_alone(run: Callable[[Body], None]) -> None:
    """Nothing is done while a command waits; forced, the history goes and the command stays."""

    async def body(store: RedisStore, redis: Redis) -> None:
        assert await store.waiting_lanes("support") == ("c-1",)
        assert await store.erase_history("support", "c-1", LINE) is None
        assert await redis.llen(KEYS.history("c-1")) == 1
        assert await store.erase_history("support", "c-1", LINE, force=True) == 1
        assert await redis.llen(KEYS.lane("c-1")) == 1

    run(body)


def test_what_happened_stays_without_what_was_said(run: Callable[[Body], None]) -> None:
    """Event, time and number of each line stay, and how long it lives; a repetition adds nothing."""

    async def body(store: RedisStore, redis: Redis) -> None:
        key = KEYS.history("c-1")
        await redis.delete(KEYS.lane("c-1"))
        await redis.rpush(key, "no json")
        await redis.pexpire(key, timedelta(hours=1))
        assert await store.erase_history("support", "c-1", LINE) == 2
        view = await store.view("support", "c-1")
        assert view is not None
        assert [(each.event, each.sequence, dict(each.detail)) for each in view.history] == [
            ("received", 1, {}),
            ("erased", 1, {}),
        ]
        assert view.history[0].at == NOW
        assert 0 < await redis.pttl(key) <= 3_600_000
        assert await store.erase_history("support", "c-1", LINE) == 0
        assert await redis.llen(key) == 2

    run(body)
