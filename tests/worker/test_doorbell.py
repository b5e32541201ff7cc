"""A ring is one small message, and a broker that is away costs a ring, never more."""

import asyncio
from collections.abc import Iterator

import pytest
from celery import Celery
from kombu import Queue

from tests.ports import free_port
from worker.doorbell import DRAIN, CeleryDoorbell
from worker.events import Event, RingFailed
from worker.lanes import Partition

HOME = Partition("support", 3)


@pytest.fixture
def celery() -> Iterator[Celery]:
    """An app whose broker is this process's memory."""
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.task_queues = (Queue("bridge.drain", routing_key="bridge.drain"),)
    app.conf.task_routes = {DRAIN: {"queue": "bridge.drain"}}
    app.conf.task_create_missing_queues = False
    _emptied(app)  # the memory is the process's, and other tests ring as well
    yield app
    _emptied(app)
    app.close()


def _emptied(app: Celery) -> None:
    with app.connection_for_write() as connection, connection.SimpleQueue("bridge.drain") as queue:
        queue.clear()


def test_a_ring_says_where_to_look(celery: Celery) -> None:
    """Service, partition and hops; it expires, and nobody keeps its result."""
    events: list[Event] = []
    bell = CeleryDoorbell(celery, events.append)
    assert asyncio.run(bell.ring(HOME, hops=2)) is True
    with celery.connection_for_read() as connection, connection.SimpleQueue("bridge.drain") as queue:
        message = queue.get(block=False)
        message.ack()
        assert message.headers["task"] == DRAIN
        assert message.payload[0] == ["support", 3, 2]
        assert message.headers["ignore_result"] is True
        assert message.headers["expires"] is not None
        assert queue.qsize() == 0
    assert events == []


def test_a_broker_that_is_away_is_told_and_no_more() -> None:
    """The ring says that it failed and raises nothing: the tick rings again."""
    app = Celery("test", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    app.conf.task_publish_retry = False
    app.conf.broker_transport_options = {"socket_connect_timeout": 1, "max_retries": 0}
    events: list[Event] = []
    assert asyncio.run(CeleryDoorbell(app, events.append).ring(HOME)) is False
    app.close()
    (event,) = events
    assert isinstance(event, RingFailed)
    assert (event.service, event.partition) == ("support", 3)
    assert "OperationalError" in event.reason


def test_a_queue_that_is_missing_is_told(celery: Celery) -> None:
    """A misconfigured app costs rings, not commands."""
    celery.conf.task_routes = {DRAIN: {"queue": "bridge.drian"}}
    events: list[Event] = []
    assert asyncio.run(CeleryDoorbell(celery, events.append).ring(HOME)) is False
    assert [type(event) for event in events] == [RingFailed]
