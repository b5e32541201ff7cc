"""The tick rings every partition that has something to do, and no other."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Create
from worker.errors import StoreUnavailable
from worker.events import DrainFailed, Event
from worker.lanes import Backlog, Partition, partition_of
from worker.notices import Notice, NoticeKind
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.tick import tick

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PARTITIONS = {"support": 1, "wide": 4}


class Bell:
    """Keeps what was rung."""

    def __init__(self) -> None:
        self.rings: list[Partition] = []

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """See `worker.ports.Doorbell.ring`."""
        self.rings.append(partition)
        return hops == 0


@pytest.fixture
def store() -> MemoryStore:
    """A store in which one conversation of each service waits."""
    store = MemoryStore(Limits({"wide": ServiceLimits(partitions=4)}))
    for service in PARTITIONS:
        create = Create(
            service=service, external_id="c-1", idempotency_key="m:1", channel="mail", received_at=NOW
        )
        asyncio.run(store.append(create, receipt_id="r1", now=NOW))
    return store


def rung(
    store: MemoryStore,
    seconds: float,
    relayed: list[Partition] | None = None,
    heard: list[Event] | None = None,
) -> list[Partition]:
    """Tick so many seconds later and return what was rung."""
    told: list[Event] = [] if heard is None else heard
    bell = Bell()

    async def relay(partition: Partition) -> int:
        assert relayed is not None
        relayed.append(partition)
        return 1

    count = asyncio.run(
        tick(
            store,
            bell,
            partitions=PARTITIONS,
            relay=relay,
            clock=lambda: NOW + timedelta(seconds=seconds),
            listen=told.append,
        )
    )
    assert count == len(bell.rings)
    assert told == [] or heard is not None
    return bell.rings


WIDE = partition_of("wide", "c-1", 4)
SUPPORT = Partition("support", 0)


def test_what_is_due_is_rung(store: MemoryStore) -> None:
    """Each partition with a due lane, and none without."""
    assert rung(store, 0) == [SUPPORT, WIDE]
    assert rung(store, -1) == []


def test_what_is_worked_on_is_not_rung(store: MemoryStore) -> None:
    """Until its lease lapses: then its holder is gone."""
    lease = timedelta(seconds=45)
    asyncio.run(store.claim(SUPPORT, limit=9, lease=lease, token="t", now=NOW))
    assert rung(store, 44) == [WIDE]
    assert rung(store, 45) == [SUPPORT, WIDE]


def test_what_is_paused_is_not_rung(store: MemoryStore) -> None:
    """A person stopped it, so only a person's word lets it be looked at."""
    asyncio.run(store.pause("wide", reason="maintenance"))
    assert rung(store, 3600) == [SUPPORT]
    asyncio.run(store.resume("wide"))
    assert rung(store, 3600) == [SUPPORT, WIDE]


def test_what_is_held_is_not_rung(store: MemoryStore) -> None:
    """Nothing could be claimed before the hold ends."""
    asyncio.run(store.hold("wide", until=NOW + timedelta(seconds=30), reason="401"))
    assert rung(store, 29) == [SUPPORT]
    assert rung(store, 30) == [SUPPORT, WIDE]


def test_what_was_not_passed_on_is_passed_on(store: MemoryStore) -> None:
    """Whoever wrote a notice may have died before it could pass it on."""
    relayed: list[Partition] = []
    told = Notice(
        id="evt_1", kind=NoticeKind.CREATED, at=NOW, service="wide", external_id="c-1", generation=1
    )
    store._state.shares[WIDE].put_out([told])
    assert rung(store, 0, relayed) == [SUPPORT, WIDE]
    assert relayed == [WIDE]


def test_what_is_away_holds_up_nothing(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node of a cluster is gone with its partitions: the others are rung, and each service says why."""
    backlog = store.backlog

    async def half(partition: Partition, *, now: datetime) -> Backlog:
        if partition != WIDE:
            raise StoreUnavailable("a node is away")
        return await backlog(partition, now=now)

    monkeypatch.setattr(store, "backlog", half)
    heard: list[Event] = []
    assert rung(store, 0, heard=heard) == [WIDE]
    assert heard == [DrainFailed(service, "", "a node is away") for service in PARTITIONS]
