"""Over RabbitMQ as broker: quorum queues, confirmed rings, and a broker that is killed costs a moment."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from bridge.redis_server import RedisServer
from tests.rabbitmq_server import RabbitServer
from tests.stories.conftest import Stack, create, staged, update, wait_until
from tests.stories.test_death import creates_by_id, steps_by_id

pytestmark = [pytest.mark.story, pytest.mark.timeout(240)]


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[RabbitServer]:
    """A RabbitMQ that runs."""
    server = RabbitServer(tmp_path / "rabbit")
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGKILL)


@pytest.fixture
def stack(tmp_path: Path, rabbit: RabbitServer) -> Iterator[Stack]:
    """A stack whose broker is RabbitMQ."""
    redis = RedisServer(tmp_path / "redis")
    redis.start()
    with staged(tmp_path, redis, broker=rabbit.url) as stack:
        yield stack


def test_a_killed_rabbitmq_costs_no_command(stack: Stack, rabbit: RabbitServer) -> None:
    """Killed and restarted in mid-traffic: all arrives once and in order, over quorum queues."""
    worker = stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(40)]
    stack.submit([create(name) for name in names])
    wait_until(lambda: len(creates_by_id(stack)) == 40, reason="the creates, rung over RabbitMQ")
    with Connection(rabbit.url) as connection:
        for queue in ("bridge.drain", "bridge.tick", "bridge.commands", "bridge.upkeep"):
            # a declaration with another type than the queue's would be refused
            connection.channel().queue_declare(
                queue, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )

    stack.submit([update(name, 1) for name in names])
    rabbit.stop(signal.SIGKILL)
    stack.submit([update(name, 2) for name in names])
    rabbit.start()
    stack.submit([update(name, 3) for name in names])
    wait_until(stack.idle, reason="everything to be delivered after RabbitMQ came back")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2, 3] for name in names}
    assert stack.end(worker) == 0
