"""Chores are done once a slot, for each service apart, and what goes wrong is told and not raised."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery

from worker.blob import BlobName
from worker.chores import Chores
from worker.commands import Create
from worker.errors import StoreUnavailable
from worker.events import Event
from worker.lanes import Entry, Partition, Settlement
from worker.letters import Unreadable
from worker.outcomes import Evidence, NotFound, Outcome
from worker.reconcile import Bench
from worker.secrets import Secrets
from worker.settings import Settings
from worker.upkeep_events import AuditRepaired, BlobsPruned, Pruned, Reconciled, UpkeepFailed
from worker.wiring import Bridge

Change = Callable[..., None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
SERVICE = {"base_url": "http://127.0.0.1:9/nexus/v3", "api_key": "env:KEY"}
EAGER = {"round_s": 60, "rest_s": 60, "requests_per_s": 100}


class Scene:
    """A bridge on a real store, with two services and a clock of its own."""

    def __init__(self, url: str, directory: Path) -> None:
        self.heard: list[Event] = []
        self.now = NOW
        settings = Settings(
            store={"url": url},
            services={
                "support": {**SERVICE, "partitions": 2, "reconcile": EAGER},
                "sales": {**SERVICE, "reconcile": {**EAGER, "enabled": False}},
            },
            channels={"mail": {"connector": "email", "service": "support"}},
        )
        celery = Celery("test", broker="memory://", set_as_current=False)
        self.bridge = Bridge(
            settings, Secrets(directory), celery, self.heard.append, clock=lambda: self.now, data=directory
        )

    async def open(self, service: str, name: str) -> None:
        """Have an interaction created two hours ago."""
        store, then = self.bridge.store, NOW - timedelta(hours=2)
        create = Create(
            service=service, external_id=name, idempotency_key=name, channel="mail", received_at=then
        )
        await store.append(create, receipt_id=name, now=then)
        for index in range(self.bridge.partitions[service]):
            share = Partition(service, index)
            for claim in await store.claim(share, limit=9, lease=LEASE, token=f"{name}{index}", now=then):
                row = claim.interaction.opened(interaction_id="I1", channel="mail", at=then)
                done = Settlement(1, row, (Entry(at=then, event="applied", sequence=1),), 1, keep=False)
                await store.settle(claim, done, lease=LEASE, now=then)


@pytest.fixture
def run(redis_url: str, tmp_path: Path, environment: Change) -> Callable[..., list[Event]]:
    """Run a body with a scene and return what was heard."""
    environment(KEY="k")

    def runner(body: Callable[[Scene, Chores], Awaitable[None]]) -> list[Event]:
        async def main() -> list[Event]:
            scene = Scene(redis_url, tmp_path)
            async with aclosing(scene.bridge):
                await body(scene, scene.bridge.chores)
            return scene.heard

        return asyncio.run(main())

    return runner


class Gone:
    """An API at which nothing is there; implements `worker.ports.Api`."""

    async def send(self, _operation: object, *, trace_id: str) -> Outcome:
        """See `worker.ports.Api.send`."""
        return NotFound(Evidence(status=404, detail=trace_id[:0]))


def test_the_audit_is_done_once_in_a_slot(run: Callable[..., list[Event]]) -> None:
    """Damage that comes right after it waits for the next one."""

    async def body(scene: Scene, chores: Chores) -> None:
        redis = scene.bridge.store._link.redis
        for minutes in (0, 1, 4, 5):
            await redis.zadd("bridge:{sales/0}:due", {f"nobody-{minutes}": 0})
            scene.now = NOW + timedelta(minutes=minutes)
            await chores.audit()

    heard = [event for event in run(body) if isinstance(event, AuditRepaired)]
    assert heard == [
        AuditRepaired("sales", 0, "vacant", 1, "nobody-0"),
        AuditRepaired("sales", 0, "vacant", 3, heard[-1].example),
    ]


def test_reconciling_covers_all_partitions_and_only_services_that_want_it(
    run: Callable[..., list[Event]],
) -> None:
    """Everything of one service is gone, in both partitions; nobody asked about the other service."""

    async def body(scene: Scene, chores: Chores) -> None:
        for number in range(6):
            await scene.open("support", f"c-{number}")
        await scene.open("sales", "s-1")

        async def hurry(_seconds: float) -> None:
            await asyncio.sleep(0)

        def bench(service: str) -> Bench:
            return replace(chores.bench(service), api=Gone(), sleep=hurry)

        for slots in range(6):
            scene.now = NOW + slots * timedelta(seconds=30)
            await replace(chores, bench=bench).reconcile()
        assert await scene.bridge.store.interactions("support", limit=9) == ()
        assert len(await scene.bridge.store.interactions("sales", limit=9)) == 1

    heard = [event for event in run(body) if isinstance(event, Reconciled)]
    assert sum(event.gone for event in heard) == 6
    assert {event.service for event in heard} == {"support"}
    assert heard[0].open == 6


def test_pruning_throws_away_what_is_old(run: Callable[..., list[Event]]) -> None:
    """Letters after their retention, whole messages after theirs; what is young stays."""

    async def body(scene: Scene, chores: Chores) -> None:
        for name, days in (("old", 91), ("young", 89)):
            letter = Unreadable(
                id=name,
                service="support",
                channel="mail",
                reason="?",
                arrived_at=NOW - timedelta(days=days),
                body=b"",
            )
            await scene.bridge.store.keep(letter)
        assert chores.blobs is not None
        await chores.blobs.put(BlobName.of("mail", b"a whole mail"), b"a whole mail")
        await chores.prune()
        assert [head.id for head in await scene.bridge.store.dead("support", limit=9)] == ["young"]
        scene.now = datetime.now(UTC) + timedelta(days=91)
        await chores.prune()

    heard = run(body)
    assert Pruned("support", letters=1, spared=0, notes=0) in heard
    assert [event for event in heard if isinstance(event, BlobsPruned)] == [BlobsPruned("", 1, 12)]


def test_a_store_that_is_away_is_told_and_not_raised(run: Callable[..., list[Event]]) -> None:
    """Before the slot, and in the middle of the work: the next slot goes on."""

    async def body(scene: Scene, chores: Chores) -> None:
        async def away(*_: object, **__: object) -> None:
            raise StoreUnavailable("the store does not answer: gone")

        scene.bridge.store.old = away
        await chores.prune()
        scene.bridge.store.take_slot = away
        await chores.audit()

    heard = run(body)
    reason = "the store does not answer: gone"
    assert heard == [
        UpkeepFailed("prune", "support", reason),
        UpkeepFailed("prune", "sales", reason),
        UpkeepFailed("audit", "", reason),
    ]
