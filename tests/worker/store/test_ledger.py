"""The ledger tells what is known of each conversation, wherever it lives."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from worker.commands import Create
from worker.lanes import Entry, Partition, Settlement
from worker.ports import Store

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)


async def open_interactions(store: Store, count: int) -> None:
    """Open so many interactions of the service with four partitions, a second apart."""
    for number in range(count):
        create = Create(
            service="wide",
            external_id=f"c-{number}",
            idempotency_key=f"mail:{number}",
            channel="mail",
            received_at=NOW,
        )
        await store.append(create, receipt_id=f"r{number}", now=NOW)
    for index in range(4):
        home = Partition("wide", index)
        for claim in await store.claim(home, limit=99, lease=LEASE, token=f"t{index}", now=NOW):
            at = NOW + timedelta(seconds=int(claim.external_id[2:]))
            row = claim.interaction.opened(interaction_id=claim.external_id, channel="mail", at=at)
            entry = Entry(at=at, event="applied", sequence=1)
            settlement = Settlement(1, row, (entry,), calls=1, keep=False)
            await store.settle(claim, settlement, lease=LEASE, now=at)


def test_the_newest_of_all_partitions_come_first(run: Run) -> None:
    """And no more than asked for."""

    async def body(store: Store) -> None:
        await open_interactions(store, 12)
        everyone = await store.interactions("wide", limit=100)
        assert [row.interaction_id for row in everyone] == [f"c-{number}" for number in range(11, -1, -1)]
        assert await store.interactions("wide", limit=3) == everyone[:3]
        assert await store.interactions("wide", limit=0) == ()

    run(body)


def test_each_conversation_is_found_in_its_partition(run: Run) -> None:
    """By service and external id alone; another service has none of that name."""

    async def body(store: Store) -> None:
        await open_interactions(store, 12)
        views = await asyncio.gather(*(store.view("wide", f"c-{number}") for number in range(12)))
        assert [view.interaction.interaction_id for view in views] == [f"c-{n}" for n in range(12)]
        assert await store.view("support", "c-1") is None

    run(body)
