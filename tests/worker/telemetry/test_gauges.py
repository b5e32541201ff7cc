"""How the store stands is read when somebody asks, once for all who ask within a few seconds."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from worker.commands import Create
from worker.errors import StoreUnavailable
from worker.lanes import Backlog
from worker.store.memory import MemoryStore
from worker.telemetry.gauges import Standing, StoreGauges, stand

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Scene:
    """A registry whose store stands as a test says, and a clock of the test's own."""

    def __init__(self, *backlogs: Backlog) -> None:
        self.standing: Standing | Exception = Standing(
            {"support": backlogs}, {"support": 7}, frozenset("b"), NOW
        )
        self.reads = 0
        self.now = 100.0
        self.registry = CollectorRegistry()
        self.registry.register(StoreGauges(self.read, channels=["a", "b"], fresh_s=5.0, now=lambda: self.now))

    def read(self) -> Standing:
        """Say how it stands."""
        self.reads += 1
        if isinstance(self.standing, Exception):
            raise self.standing
        return self.standing

    def value(self, name: str, **labels: str) -> float | None:
        """Return one sample."""
        return self.registry.get_sample_value(f"openmedia_bridge_{name}", labels)


def test_partitions_are_taken_together() -> None:
    """Sums, the oldest, and the worst gate."""
    scene = Scene(
        Backlog(due=2, lanes=3, oldest=NOW - timedelta(seconds=40), dead=1),
        Backlog(due=1, lanes=1, oldest=NOW - timedelta(seconds=90), in_flight=4, paused="the API moves"),
    )
    assert scene.value("lanes_due", service="support") == 3
    assert scene.value("lanes_waiting", service="support") == 4
    assert scene.value("lanes_in_flight", service="support") == 4
    assert scene.value("dead_letters", service="support") == 1
    assert scene.value("due_age_seconds", service="support") == 90
    assert scene.value("gate_state", service="support", state="paused") == 1
    assert scene.value("gate_state", service="support", state="open") == 0
    assert scene.value("gate_shut", service="support", why="person") == 1
    assert scene.value("interactions_open", service="support") == 7
    assert scene.value("channel_paused", channel="a") == 0
    assert scene.value("channel_paused", channel="b") == 1
    assert scene.value("store_up") == 1


@pytest.mark.parametrize(
    ("backlog", "state", "why"),
    [
        (Backlog(0, 0, None), "open", ""),
        (Backlog(0, 0, None, held_until=NOW, held_because="401"), "held", "key_refused"),
        (Backlog(0, 0, None, held_because="breaker: all failed", probing=True), "probing", "breaker"),
    ],
)
def test_a_gate_stands_in_one_way(backlog: Backlog, state: str, why: str) -> None:
    """Every state and every why is told, one of them as 1; of an open gate there is no why."""
    scene = Scene(backlog)
    states = [
        scene.value("gate_state", service="support", state=each) for each in ("open", "probing", "held")
    ]
    assert sum(filter(None, states)) == 1
    assert scene.value("gate_state", service="support", state=state) == 1
    if why:
        assert scene.value("gate_shut", service="support", why=why) == 1
    else:
        assert scene.value("gate_shut", service="support", why="other") == 0


def test_many_who_scrape_cost_no_more_than_one() -> None:
    """What was read is told again until it is no longer fresh."""
    scene = Scene(Backlog(0, 0, None))
    assert scene.reads == 0, "registering reads nothing"
    scene.value("store_up")
    scene.now += 4.9
    scene.value("store_up")
    assert scene.reads == 1
    scene.now += 0.2
    scene.value("store_up")
    assert scene.reads == 2


def test_a_store_that_is_away_is_said_to_be_away() -> None:
    """And nothing old is told in its place."""
    scene = Scene(Backlog(0, 0, None))
    scene.standing = StoreUnavailable("gone")
    assert scene.value("store_up") == 0
    assert scene.value("lanes_due", service="support") is None


def test_the_store_is_read_by_its_ports() -> None:
    """Of every partition of every service, and of every channel that is shut."""

    async def scene() -> Standing:
        store = MemoryStore()
        command = Create(
            service="support", external_id="c-1", idempotency_key="a:1", channel="a", received_at=NOW
        )
        await store.append(command, receipt_id="r", now=NOW)
        await store.pause_channel("a", reason="flood")
        return await stand(
            store, {"support": 1, "hook.crm": 1}, ["support"], lambda: NOW + timedelta(seconds=3)
        )

    standing = asyncio.run(scene())
    assert [backlog.due for backlog in standing.backlogs["support"]] == [1]
    assert [backlog.due for backlog in standing.backlogs["hook.crm"]] == [0]
    assert standing.open == {"support": 0}
    assert standing.paused_channels == {"a"}
