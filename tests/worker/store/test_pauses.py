"""Paused channels are remembered, in Redis as in memory."""

import asyncio
from collections.abc import Mapping

import pytest

from worker.store.limits import Limits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_a_channel_is_paused_with_its_reason_until_it_is_resumed(redis_url: str, kind: str) -> None:
    """The last reason counts; resuming twice is no harm."""

    async def main() -> list[Mapping[str, str]]:
        store = MemoryStore() if kind == "memory" else RedisStore.open(redis_url, Limits(), timeout_s=5)
        seen = [await store.paused_channels()]
        for reason in ("a flood", "a größer flood"):
            await store.pause_channel("tickets", reason=reason)
        await store.pause_channel("mail", reason="x")
        seen.append(await store.paused_channels())
        for _ in range(2):
            await store.resume_channel("tickets")
        seen.append(await store.paused_channels())
        await store.aclose()
        return seen

    assert asyncio.run(main()) == [{}, {"tickets": "a größer flood", "mail": "x"}, {"mail": "x"}]


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_a_held_channel_is_another_thing_than_a_paused_one(redis_url: str, kind: str) -> None:
    """Neither lifts the other."""

    async def main() -> None:
        store = MemoryStore() if kind == "memory" else RedisStore.open(redis_url, Limits(), timeout_s=5)
        await store.hold_channel("tickets", reason="a new mapping")
        await store.pause_channel("tickets", reason="a flood")
        await store.resume_channel("tickets")
        assert await store.held_channels() == {"tickets": "a new mapping"}
        for _ in range(2):
            await store.release_channel("tickets")
        assert (await store.held_channels(), await store.paused_channels()) == ({}, {})
        await store.aclose()

    asyncio.run(main())
