"""The watchdog speaks when work is due and this process looks for none, and at no other time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Create
from worker.errors import StoreUnavailable
from worker.lanes import Backlog, Partition
from worker.store.memory import MemoryStore
from worker.upkeep_events import WorkerStuck
from worker.watchdog import Watchdog, watch

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def seen(*looks: tuple[float, bool, float]) -> list[bool]:
    """Return at which looks it speaks: each is when, whether work is due, and when it was last looked for."""
    watchdog = Watchdog(patience_s=60)
    return [
        watchdog.see("support", due=due, looked_at=looked_at, now=now) is not None
        for now, due, looked_at in looks
    ]


def test_due_work_that_nobody_looks_for_is_a_fault_after_a_while() -> None:
    """60 seconds since it was first seen, whatever came before."""
    assert seen((0, True, -99), (30, True, -99), (59, True, -99), (60, True, -99)) == [
        False,
        False,
        False,
        True,
    ]


def test_who_looks_for_work_is_not_stuck() -> None:
    """Though it gets none: the gate may be shut, or others are faster."""
    assert seen((0, True, 0), (50, True, 45), (100, True, 90), (149, True, 90)) == [False] * 4
    assert seen((0, True, 0), (100, True, 45), (105, True, 45)) == [False, False, True]


def test_work_that_others_do_in_time_is_no_fault() -> None:
    """Once nothing was due, it begins to count anew."""
    assert seen((0, True, -99), (50, False, -99), (70, True, -99), (129, True, -99)) == [False] * 4


def test_services_are_watched_apart() -> None:
    """Nothing due in one says nothing about the other."""
    watchdog = Watchdog(patience_s=60)
    watchdog.see("support", due=True, looked_at=0, now=0)
    watchdog.see("sales", due=False, looked_at=0, now=30)
    stuck = watchdog.see("support", due=True, looked_at=0, now=61)
    assert stuck == WorkerStuck("support", due_for_s=61, idle_for_s=61)


class Away(MemoryStore):
    """A store that can be away."""

    away = False

    async def backlog(self, partition: Partition, *, now: datetime) -> Backlog:
        """See `worker.ports.Lanes.backlog`."""
        if self.away:
            raise StoreUnavailable("gone")
        return await super().backlog(partition, now=now)


@dataclass
class Scene:
    """A process that looked for work at 0 and never again; time passes as it is watched."""

    store: Away
    time: float = 0.0
    until: float = 1000.0

    class Over(Exception):
        """Nothing happened until the end."""

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds
        if self.time > self.until:
            raise Scene.Over

    def watch(self) -> WorkerStuck:
        """Watch until it is stuck. Raises Over."""
        return asyncio.run(
            watch(
                self.store,
                partitions={"quiet": 1, "support": 2},
                looked_at=lambda _service: 0.0,
                patience_s=60,
                clock=lambda: NOW + timedelta(seconds=self.time),
                monotonic=lambda: self.time,
                sleep=self.sleep,
            )
        )


@pytest.fixture
def scene() -> Scene:
    """One command waits."""
    store = Away()
    create = Create(service="support", external_id="c", idempotency_key="k", channel="mail", received_at=NOW)
    asyncio.run(store.append(create, receipt_id="r", now=NOW))
    return Scene(store)


def test_it_says_what_is_wrong(scene: Scene) -> None:
    """The first look finds the work, and ten more the same."""
    assert scene.watch() == WorkerStuck("support", due_for_s=60, idle_for_s=66)


EXCUSES: dict[str, Callable[[Scene], object]] = {
    "paused": lambda scene: asyncio.run(scene.store.pause("support", reason="they move")),
    "held": lambda scene: asyncio.run(
        scene.store.hold("support", until=NOW + timedelta(seconds=2000), reason="429")
    ),
    "the store is away": lambda scene: setattr(scene.store, "away", True),
    "being worked on": lambda scene: asyncio.run(
        scene.store.claim(Partition("support", 0), limit=1, lease=timedelta(seconds=2000), token="t", now=NOW)
    ),
}


@pytest.mark.parametrize("excuse", EXCUSES)
def test_what_is_not_the_workers_fault_does_not_count(scene: Scene, excuse: str) -> None:
    """Nobody may work on it, it cannot be seen, or somebody does."""
    EXCUSES[excuse](scene)
    with pytest.raises(Scene.Over):
        scene.watch()
