"""The store in memory is the twin of the Redis store: same port, same figures.

What both promise is in test_contract; that they never differ, in test_interleavings.
"""

import asyncio
import inspect
from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Create
from worker.lanes import Deferral, Entry, Partition
from worker.ports import Store
from worker.store.limits import HISTORY_CAP
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VERBS = [name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("store", [MemoryStore, RedisStore])
def test_each_verb_is_that_of_the_port(store: type, verb: str) -> None:
    """Same names, kinds and defaults of all parameters, so that one stands for the other."""
    ours, ports = (inspect.signature(getattr(each, verb)) for each in (store, Store))
    assert [(each.name, each.kind, each.default) for each in ours.parameters.values()] == [
        (each.name, each.kind, each.default) for each in ports.parameters.values()
    ]


def test_a_history_does_not_grow_for_ever() -> None:
    """It is as long as that in Redis."""

    async def scene() -> list[int]:
        store, home = MemoryStore(), Partition("support", 0)
        create = Create(
            service="support", external_id="c-1", idempotency_key="m:1", channel="mail", received_at=NOW
        )
        await store.append(create, receipt_id="r1", now=NOW)
        for turn in range(HISTORY_CAP + 5):
            lease = timedelta(seconds=45)
            (claim,) = await store.claim(home, limit=1, lease=lease, token=f"t{turn}", now=NOW)
            entry = Entry(at=NOW, event="deferred", sequence=turn)
            deferral = Deferral(NOW, suspect=False, counted=False, failed=False, calls=1, entry=entry)
            await store.defer(claim, deferral, now=NOW)
        view = await store.view("support", "c-1")
        assert view is not None
        return [line.sequence for line in view.history]

    assert asyncio.run(scene()) == list(range(5, HISTORY_CAP + 5))


def test_each_store_is_its_own() -> None:
    """Nothing is shared between two of them."""

    async def scene() -> bool:
        first, second = MemoryStore(), MemoryStore()
        await first.tally("support", "mail:refused")
        return await second.tallies("support") == {}

    assert asyncio.run(scene())
