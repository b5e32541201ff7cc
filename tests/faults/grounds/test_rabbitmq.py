"""RabbitMQ as ground: wiped it has no queue left, and while it is down there is nothing to wipe."""

import asyncio
from pathlib import Path

import pytest
from amqp.exceptions import NotFound
from kombu import Connection

from tests.faults.grounds.rabbitmq import RabbitMQ
from tests.faults.processes import ROOT
from tests.rabbitmq_server import QUEUES


def test_these_are_the_queues() -> None:
    """All that the bridge declares."""
    stated = ", ".join(f'"{queue}"' for queue in QUEUES)
    assert f"for name in ({stated})" in (ROOT / "celeryconfig.py").read_text()


@pytest.mark.story
def test_a_wiped_broker_has_forgotten_its_queues(tmp_path: Path) -> None:
    """Under whoever consumes from them."""
    ground = RabbitMQ(tmp_path)
    try:
        asyncio.run(ground.start())
        with Connection(ground._server.url) as connection:
            connection.channel().queue_declare(
                QUEUES[0], durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
            ground.wipe()
            with pytest.raises(NotFound):
                connection.channel().queue_declare(QUEUES[0], passive=True)
        ground.kill()
        ground.wipe()
    finally:
        ground.close()
