"""A dump knows kinds of values and nothing of what they mean; large ones come in portions."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from worker.errors import StoreForeign
from worker.store.dump import PORTION, Portion
from worker.store.format import KEY
from worker.store.limits import Limits
from worker.store.redis import RedisStore

Body = Callable[[RedisStore, Redis], Awaitable[None]]


@pytest.fixture
def run(redis_url: str) -> Callable[[Body], None]:
    """Run a test body with a store and its Redis."""

    def runner(body: Body) -> None:
        async def main() -> None:
            store = RedisStore.open(redis_url, Limits(), timeout_s=5)
            try:
                await body(store, store._link.redis)
            finally:
                await store.aclose()

        asyncio.run(main())

    return runner


async def read(store: RedisStore) -> list[Portion]:
    """Return all portions."""
    return [portion async for portion in store.portions()]


def test_a_large_value_comes_in_portions(run: Callable[[Body], None]) -> None:
    """In order, none larger than it may be, and all of them one whole."""

    async def body(store: RedisStore, redis: Redis) -> None:
        wanted = [b"%d" % number for number in range(2 * PORTION + 1)]
        await redis.rpush("bridge:long", *wanted)
        portions = await read(store)
        assert [(len(each.items), each.more) for each in portions] == [
            (PORTION, False),
            (PORTION, True),
            (1, True),
        ]
        await redis.flushall()
        await store.restore(portions)
        assert await redis.lrange("bridge:long", 0, -1) == wanted

    run(body)


def test_a_value_is_replaced_by_what_was_read(run: Callable[[Body], None]) -> None:
    """So a broken import may be begun anew; and what lives for a time goes on to do so."""

    async def body(store: RedisStore, redis: Redis) -> None:
        portion = Portion(b"bridge:short", "zset", [(b"lane", 1.5)], timedelta(minutes=1))
        for _ in range(2):
            await store.restore([portion])
        assert await redis.zrange("bridge:short", 0, -1, withscores=True) == [(b"lane", 1.5)]
        assert 59_000 < await redis.pttl("bridge:short") <= 60_000

    run(body)


def test_what_is_not_the_bridges_stays_behind(run: Callable[[Body], None]) -> None:
    """And so does the stamp, which an import writes last."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await redis.set("somebody:else", "x")
        await redis.hset(KEY, "format", 1)
        assert await read(store) == []
        assert await store.stranger() == ""
        assert await store.size() == 2
        await redis.set("bridge:own", "x")
        assert await store.stranger() == "bridge:own"

    run(body)


def test_a_kind_nobody_knows_is_refused(run: Callable[[Body], None]) -> None:
    """Leaving it out would be losing it."""

    async def body(store: RedisStore, _: Redis) -> None:
        with pytest.raises(StoreForeign, match="bridge:x is a graph, which this bridge cannot move"):
            await store.restore([Portion(b"bridge:x", "graph", [b"1"])])

    run(body)


def test_it_knows_who_else_is_there(run: Callable[[Body], None], redis_url: str) -> None:
    """Connections of other bridges count; who may not ask must assume that there are some."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await redis.client_kill_filter(_type="normal", skipme=True)  # whoever a test before left connected
        assert await store.others() == 0
        async with Redis.from_url(redis_url, client_name="bridge") as worker:
            await worker.ping()
            assert await store.others() == 1
        await redis.acl_setuser(
            "guest",
            enabled=True,
            passwords=["+guest"],
            categories=["+@all"],
            commands=["-client|list"],
            keys=["*"],
        )
        try:
            url = f"{redis_url}{'&' if '?' in redis_url else '?'}username=guest&password=guest"
            guest = RedisStore.open(url, Limits(), timeout_s=5)
            assert await guest.others() == 1
            await guest.aclose()
        finally:
            await redis.acl_deluser("guest")

    run(body)
