"""Tasks are thin: a drain hands over to the crew, a tick to the tick, a door to intake."""

import logging
import sys
import uuid
from collections.abc import Callable, Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from celery import Task
from celery.concurrency.prefork import TaskPool as PreforkPool
from celery.concurrency.thread import TaskPool as ThreadPool
from celery.exceptions import Reject
from pydantic import ValidationError

from worker import tasks
from worker.chores import Chores
from worker.commands import Create, Stop, Update
from worker.errors import KeyConflict, SettingsError
from worker.lanes import LaneView, Partition
from worker.process import Process, ProcessHolder
from worker.sweep.run import Sweeper

Change = Callable[..., None]

RECEIVED = "2026-11-23T12:00:00Z"
SERVICE = '{"base_url": "http://127.0.0.1:9", "api_key": "env:KEY", "lane_cap": 2}'


@pytest.fixture
def configured(environment: Change, redis_url: str) -> Change:
    """An environment in which Celery, the store and one service are there."""
    environment(
        BRIDGE_BROKER_URL="memory://",
        BRIDGE_STORE_URL=redis_url,
        BRIDGE_SERVICES=f'{{"support": {SERVICE}}}',
        BRIDGE_WORKER_LINGER_S="0.01",
        KEY="k",
    )
    return environment


@pytest.fixture
def holder(configured: Change, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessHolder]:
    """A holder for this test alone, its process given back afterwards."""
    assert configured
    holder = ProcessHolder(tasks.app)
    monkeypatch.setattr(tasks, "holder", holder)
    monkeypatch.setattr(tasks, "_REST_S", 0)
    yield holder
    holder.close()


def view(holder: ProcessHolder, external_id: str = "c-1") -> LaneView | None:
    """Return what the store knows of a conversation."""
    process = holder.get()
    return process.run(process.bridge.store.view("support", external_id))


def deliver(task: Task, message_id: str | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - as the task's
    """Run a task as a worker would, as the message with this id."""
    task.push_request(id=message_id or uuid.uuid4().hex, called_directly=False)
    try:
        return task.run(**fields)
    finally:
        task.pop_request()


DOORS = {
    "create": (tasks.create_interaction, Create, {"user_data": {"Subject": "Hello"}}),
    "update": (tasks.update_interaction, Update, {"changed": {"Subject": "Again"}}),
    "stop": (tasks.stop_interaction, Stop, {"reason_system_name": "done"}),
}


@pytest.mark.parametrize(("task", "kind", "fields"), DOORS.values(), ids=DOORS.keys())
def test_each_door_submits_its_kind_of_command(
    holder: ProcessHolder, task: Task, kind: type, fields: dict[str, Any]
) -> None:
    """What may be left out is filled in, and the receipt comes back as JSON."""
    receipt = deliver(task, "m-1", service="support", external_id="c-1", **fields)
    assert (receipt["sequence"], receipt["duplicate"]) == (1, False)
    (queued,) = view(holder).pending
    command = queued.command
    assert isinstance(command, kind)
    assert (command.channel, command.idempotency_key) == ("celery", "celery:m-1")
    assert len(command.trace_id) == 32
    assert command.received_at.tzinfo is not None
    assert command.model_dump(include=set(fields)) == fields


def test_what_a_producer_says_wins(holder: ProcessHolder) -> None:
    """Channel, key, time and trace are its own where it gives them."""
    said = {
        "channel": "shop",
        "idempotency_key": "shop:7",
        "received_at": RECEIVED,
        "trace_id": "ab" * 16,
    }
    deliver(tasks.create_interaction, service="support", external_id="c-1", **said)
    (queued,) = view(holder).pending
    assert queued.command.model_dump(mode="json", include=set(said)) == said


def test_a_message_that_comes_twice_is_one_command(holder: ProcessHolder) -> None:
    """The message's own id is the key, and a repeated delivery keeps it."""
    fields = {"service": "support", "external_id": "c-1"}
    first = deliver(tasks.create_interaction, "m-1", **fields)
    again = deliver(tasks.create_interaction, "m-1", **fields)
    assert again == {**first, "duplicate": True}
    assert len(view(holder).pending) == 1


@pytest.mark.parametrize(
    "wrong",
    [{}, {"service": "support"}, {"service": "support", "external_id": "c-1", "subject": "typo"}],
    ids=str,
)
def test_a_wrong_command_is_the_producers_to_mend(holder: ProcessHolder, wrong: dict[str, Any]) -> None:
    """It fails at once: a repetition would be as wrong."""
    with pytest.raises(ValidationError):
        deliver(tasks.create_interaction, **wrong)
    assert view(holder) is None


def test_a_kind_cannot_be_smuggled_in(holder: ProcessHolder) -> None:
    """The task's name says what is submitted."""
    deliver(tasks.stop_interaction, service="support", external_id="c-1", kind="create")
    assert isinstance(view(holder).pending[0].command, Stop)


def test_what_cannot_be_accepted_just_now_goes_back(holder: ProcessHolder) -> None:
    """A full lane, and a service that other workers may know, are for later: the broker keeps the message."""
    for number in range(2):
        deliver(tasks.create_interaction, f"m-{number}", service="support", external_id="c-1")
    with pytest.raises(Reject) as full:
        deliver(tasks.create_interaction, service="support", external_id="c-1")
    assert full.value.requeue is True
    assert "already wait" in full.value.reason
    with pytest.raises(Reject, match="no service 'sales' is configured"):
        deliver(tasks.create_interaction, service="sales", external_id="c-1")
    assert len(view(holder).pending) == 2


def test_a_conflict_does_not_go_back(holder: ProcessHolder) -> None:
    """One key with two contents stays a conflict however often it is tried."""
    deliver(tasks.create_interaction, "m-1", service="support", external_id="c-1")
    with pytest.raises(KeyConflict):
        deliver(tasks.stop_interaction, "m-1", service="support", external_id="c-1")
    assert len(view(holder).pending) == 1


def test_a_ring_is_answered_by_the_services_crew(holder: ProcessHolder) -> None:
    """The lane was tried: the API refuses the connection here, so it waits."""
    deliver(tasks.create_interaction, service="support", external_id="c-1")
    tasks.drain("support", 0)
    assert [line.event for line in view(holder).history] == ["received", "deferred"]


def test_a_ring_for_an_unknown_service_is_left_to_others(holder: ProcessHolder) -> None:
    """Another worker may have a newer configuration."""
    tasks.drain("sales", 0)
    assert holder.get().bridge.stopping._raised is False


def test_a_process_on_its_way_out_answers_no_ring(holder: ProcessHolder) -> None:
    """What is due stays due."""
    deliver(tasks.create_interaction, service="support", external_id="c-1")
    holder.get()
    tasks._stop()
    tasks.drain("support", 0)
    assert [line.event for line in view(holder).history] == ["received"]


def test_a_tick_rings_what_is_due(holder: ProcessHolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doorbell hears of the one partition in which something waits."""
    deliver(tasks.create_interaction, service="support", external_id="c-1")
    rings: list[Partition] = []

    async def ring(partition: Partition, *, hops: int = 0) -> bool:
        rings.append(partition)
        return hops == 0

    monkeypatch.setattr(holder.get().bridge.doorbell, "ring", ring)
    tasks.tick()
    assert rings == [Partition("support", 0)]


@pytest.mark.usefixtures("holder")
def test_a_sweep_takes_the_turns_that_are_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the process is on its way out."""
    turns = []

    async def take_turns(sweeper: Sweeper) -> None:
        turns.append(sweeper)

    monkeypatch.setattr(Sweeper, "take_turns", take_turns)
    tasks.sweep()
    assert len(turns) == 1
    tasks._stop()
    tasks.sweep()
    assert len(turns) == 1


@pytest.mark.parametrize("name", ["reconcile", "audit", "prune"])
def test_each_chore_has_its_task(holder: ProcessHolder, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """It hands over to the chores, which see to it that it is done once."""
    assert holder
    done = []

    async def chore(chores: Chores) -> None:
        done.append(chores)

    monkeypatch.setattr(Chores, name, chore)
    getattr(tasks, name)()
    assert len(done) == 1


@pytest.mark.parametrize(("pool", "watched"), [(ThreadPool, 1), (PreforkPool, 0)])
def test_the_watchdog_watches_those_who_drain(
    holder: ProcessHolder, monkeypatch: pytest.MonkeyPatch, pool: type, watched: int
) -> None:
    """In a pool of processes the parent never looks for work, which is no fault of its."""
    assert holder
    guarded = []

    def guard(process: Process) -> None:
        guarded.append(process)

    monkeypatch.setattr(Process, "guard", guard)
    tasks._watch_over(SimpleNamespace(pool=pool.__new__(pool)))
    assert len(guarded) == watched


def test_a_worker_begins_and_ends_with_its_process(holder: ProcessHolder) -> None:
    """Built before the first ring, given back at the end."""
    tasks._begin()
    process = holder._held[1]
    tasks._end()
    assert holder._held is None
    assert not process._loop._thread.is_alive()


def test_a_worker_that_cannot_keep_its_promise_does_not_start(
    holder: ProcessHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with a sentence for the operator, not with a traceback."""

    def get() -> None:
        raise SettingsError("store.url is not set")

    monkeypatch.setattr(holder, "get", get)
    with pytest.raises(SystemExit, match=r"bridge worker: store\.url is not set"):
        tasks._begin()


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = SimpleNamespace(handlers=root.handlers, level=root.level)
    yield
    structlog.reset_defaults()
    root.handlers = before.handlers
    root.setLevel(before.level)


@pytest.mark.usefixtures("_logging_as_before")
def test_logging_is_set_up_as_the_settings_say(configured: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    """Celery leaves it to us."""
    configured(BRIDGE_LOG_LEVEL="error", BRIDGE_LOG_FORMAT="json")
    monkeypatch.setattr(sys, "stderr", pipe := StringIO())
    tasks._set_up_logging()
    logging.getLogger("library").warning("quiet")
    logging.getLogger("library").error("loud")
    assert '"loud"' in pipe.getvalue()
    assert "quiet" not in pipe.getvalue()
