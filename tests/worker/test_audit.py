"""What the audit mends it reports, and counts by flaw."""

import asyncio
from datetime import UTC, datetime

from worker.audit import audit
from worker.commands import Create
from worker.events import Event
from worker.lanes import Partition, partition_of
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.upkeep_events import Audited, AuditRepaired

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_each_flaw_is_one_event_for_a_partition_and_a_count() -> None:
    """Three lanes fell out of due, two of them in one partition; the next audit is silent."""
    store = MemoryStore(Limits({"wide": ServiceLimits(partitions=4)}))
    names = [name for name in map(str, range(99)) if partition_of("wide", name, 4).index == 1][:2]
    other = next(name for name in map(str, range(99)) if partition_of("wide", name, 4).index == 3)
    heard: list[Event] = []

    async def scene() -> None:
        for name in (*names, other):
            create = Create(
                service="wide", external_id=name, idempotency_key=name, channel="mail", received_at=NOW
            )
            await store.append(create, receipt_id=name, now=NOW)
        for index in (1, 3):
            store._state.shares[Partition("wide", index)].due.clear()
        for whole in (True, True):
            report = await audit(store, keys=1000, clock=lambda: NOW, listen=heard.append)
            assert report.whole is whole
        assert await store.tallies("wide") == {"audit:forgotten": 3}

    asyncio.run(scene())
    assert [event for event in heard if isinstance(event, Audited)] == [
        Audited("", NOW, looked=3, mended=3, whole=True),
        Audited("", NOW, looked=3, mended=0, whole=True),
    ]
    assert {
        (event.partition, event.flaw, event.count) for event in heard if isinstance(event, AuditRepaired)
    } == {
        (1, "forgotten", 2),
        (3, "forgotten", 1),
    }
    assert {event.example for event in heard if isinstance(event, AuditRepaired)} <= {*names, other}
