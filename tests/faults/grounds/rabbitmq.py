"""RabbitMQ as broker, over quorum queues; to wipe it is to delete the queues under their consumers."""

import contextlib
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kombu import Connection
from kombu.exceptions import KombuError

from tests.faults.proxy import Link, Way, to_port
from tests.rabbitmq_server import RabbitServer

QUEUES: Final = ("bridge.drain", "bridge.tick", "bridge.commands", "bridge.upkeep")


class RabbitMQ:
    """Implements `Broker`."""

    def __init__(self, directory: Path) -> None:
        self._server = RabbitServer(directory)

    async def start(self) -> None:
        """See `Server.start`."""
        self._server.start()

    def kill(self) -> None:
        """See `Server.kill`."""
        self._server.stop(signal.SIGKILL)

    def restore(self) -> Mapping[str, float]:
        """See `Server.restore`."""
        self._server.start()
        return {}

    async def way(self) -> tuple[str, Way]:
        """See `Server.way`."""
        link = Link(to_port(self._server.port))
        await link.listen()
        return f"amqp://guest:guest@127.0.0.1:{link.port}//", link

    def wipe(self) -> None:
        """See `Broker.wipe`."""
        with contextlib.suppress(OSError, KombuError), Connection(self._server.url) as connection:
            channel = connection.channel()
            for queue in QUEUES:
                channel.queue_delete(queue)

    def close(self) -> None:
        """See `Server.close`."""
        self._server.stop(signal.SIGKILL)
