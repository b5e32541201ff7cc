"""RabbitMQ as broker, over quorum queues; to wipe it is to delete the queues under their consumers."""

import contextlib
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from amqp.exceptions import AMQPError, InternalError, NotFound
from kombu import Connection
from kombu.exceptions import KombuError

from tests.faults.proxy import Link, Way, to_port
from tests.rabbitmq_server import QUEUES, RabbitServer

BROKEN: Final = "RabbitMQ back with a broken queue → deleted by hand"


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
        """See `Server.restore`.

        A queue that was deleted and declared anew right before the kill may come back as a name without a
        queue (RabbitMQ 3.10): whoever consumes from it gets an internal error, for ever. Only an operator can
        help, as docs/operations.md says.
        """
        self._server.start()
        began = time.monotonic()
        broken = [queue for queue in QUEUES if self._is_broken(queue)]
        for queue in broken:
            self._delete(queue)
        return {BROKEN: time.monotonic() - began} if broken else {}

    async def way(self) -> tuple[str, Way]:
        """See `Server.way`."""
        link = Link(to_port(self._server.port))
        await link.listen()
        return f"amqp://guest:guest@127.0.0.1:{link.port}//", link

    def wipe(self) -> None:
        """See `Broker.wipe`."""
        with contextlib.suppress(OSError, KombuError, AMQPError):
            for queue in QUEUES:
                self._delete(queue)

    def close(self) -> None:
        """See `Server.close`."""
        self._server.stop(signal.SIGKILL)

    def _is_broken(self, queue: str) -> bool:
        with Connection(self._server.url) as connection:
            try:
                connection.channel().basic_consume(queue, callback=lambda _: None)
            except NotFound:
                return False
            except InternalError:
                return True
            return False

    def _delete(self, queue: str) -> None:
        with Connection(self._server.url) as connection:
            connection.channel().queue_delete(queue)
