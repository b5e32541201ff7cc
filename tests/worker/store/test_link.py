"""A link answers in time and unbroken, or it is the store that is away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException, ResponseError

from worker.errors import StoreUnavailable
from worker.store.limits import Limits
from worker.store.link import Link
from worker.store.servers import OneServer


def ask(call: Callable[[Link], Awaitable[object]]) -> object:
    """Ask something of a link; nothing here connects."""

    async def main() -> object:
        redis = Redis.from_url("redis://127.0.0.1:1")
        try:
            link = Link(OneServer(redis, timeout_s=0.05), Limits(), timeout_s=0.05)
            return await link.ask(call(link))
        finally:
            await redis.aclose()

    return asyncio.run(main())


def test_an_answer_comes_through() -> None:
    """As it is."""

    async def answer() -> int:
        return 7

    assert ask(lambda _link: answer()) == 7


@pytest.mark.parametrize(
    "error",
    [
        RedisConnectionError("gone"),
        ResponseError("WRONGTYPE"),
        RedisClusterException("no node"),
        OSError("reset"),
        TimeoutError(),
    ],
)
def test_what_redis_or_the_network_does_is_one_error(error: Exception) -> None:
    """The callers know no Redis; the cause stays attached for whoever reads the log."""

    async def breaks() -> None:
        raise error

    with pytest.raises(StoreUnavailable) as caught:
        ask(lambda _link: breaks())
    assert caught.value.__cause__ is error


def test_no_answer_in_time_is_no_answer() -> None:
    """The link does not wait for ever."""

    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StoreUnavailable, match="TimeoutError"):
        ask(lambda _link: never())


def test_a_fault_of_ours_stays_one() -> None:
    """It is not blamed on the store."""

    async def breaks() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        ask(lambda _link: breaks())
