"""The store says which version wrote it: one step up or down is safe, two are refused."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from worker.commands import Create
from worker.errors import SettingsError, StoreForeign
from worker.store import format as formats
from worker.store.format import FORMAT, KEY, Stamp, doubts_of
from worker.store.limits import Limits
from worker.store.redis import RedisStore

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
Body = Callable[[RedisStore], Awaitable[None]]


@pytest.fixture
def run(redis_url: str) -> Callable[[Body], None]:
    """Run a test body with a store."""

    def runner(body: Body) -> None:
        async def main() -> None:
            store = RedisStore.open(redis_url, Limits(), timeout_s=5)
            try:
                await body(store)
            finally:
                await store.aclose()

        asyncio.run(main())

    return runner


@pytest.mark.parametrize("found", [None, 4, 5])
def test_its_own_version_and_the_one_before_are_welcome(found: int | None) -> None:
    """So is an empty store."""
    assert doubts_of(found, own=5) == ()


def test_the_next_version_is_shared_and_said_aloud() -> None:
    """As in a rolling update, or after one step back."""
    (doubt,) = doubts_of(6, own=5)
    assert doubt.startswith("was written by a newer bridge (format 6, this one writes 5)")


@pytest.mark.parametrize(("found", "said"), [(7, "up to 6: go back one version at a time"), (3, "from 4 on")])
def test_two_steps_are_refused(found: int, said: str) -> None:
    """With the way to go instead."""
    with pytest.raises(StoreForeign, match=said):
        doubts_of(found, own=5)


def test_the_first_bridge_stamps_the_store(run: Callable[[Body], None]) -> None:
    """Once and for all: the next one finds it as it is."""

    async def body(store: RedisStore) -> None:
        assert await store.stamp() == Stamp(None, {})
        for _ in range(2):
            assert await store.admit({"support": 2}) == ()
            assert await store.stamp() == Stamp(FORMAT, {"support": 2})

    run(body)


def test_a_format_never_shrinks(run: Callable[[Body], None]) -> None:
    """What a newer bridge wrote stays written, whoever works here after it."""

    async def body(store: RedisStore) -> None:
        await store._link.redis.hset(KEY, "format", FORMAT + 1)
        assert len(await store.admit({})) == 1
        assert (await store.stamp()).format == FORMAT + 1

    run(body)


def test_an_update_moves_the_stamp(run: Callable[[Body], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first process of the new version does it, and those of the old one go on."""

    async def body(store: RedisStore) -> None:
        await store.admit({})
        monkeypatch.setattr(formats, "FORMAT", FORMAT + 1)
        assert await store.admit({}) == ()
        assert (await store.stamp()).format == FORMAT + 1

    run(body)


def test_partitions_stay_as_they_were_filled(run: Callable[[Body], None]) -> None:
    """With another number every conversation would be looked for elsewhere; without data it may change."""

    async def body(store: RedisStore) -> None:
        await store.admit({"support": 2, "sales": 1})
        await store.admit({"support": 1, "sales": 1})
        create = Create(
            service="support", external_id="c-1", idempotency_key="m:1", channel="m", received_at=NOW
        )
        await store.append(create, receipt_id="r1", now=NOW)
        with pytest.raises(SettingsError, match="partitions is 4, but the store was filled with 1"):
            await store.admit({"support": 4, "sales": 1})
        assert (await store.stamp()).partitions == {"support": 1, "sales": 1}
        await store.admit({"support": 1, "sales": 8})

    run(body)
