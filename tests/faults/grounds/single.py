"""One Redis, as store or as broker: a restart is all that can happen to it."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import redis

from bridge.redis_server import RedisServer
from tests.faults.grounds.ground import FEW
from tests.faults.proxy import Link, Way, to_socket


class Single:
    """Implements `Store` and `Broker`."""

    partitions: Final = FEW
    replicas: Final = 0

    def __init__(self, directory: Path) -> None:
        self._server = RedisServer(directory)

    async def start(self) -> None:
        """See `Server.start`."""
        self._server.start()

    def kill(self) -> None:
        """See `Server.kill`."""
        self._server.kill()

    def restore(self) -> Mapping[str, float]:
        """See `Server.restore`."""
        self._server.start()
        return {}

    async def way(self) -> tuple[str, Way]:
        """See `Server.way`."""
        link = Link(to_socket(str(self._server.socket)))
        await link.listen()
        return f"redis://127.0.0.1:{link.port}/0", link

    def client(self) -> "redis.Redis":
        """See `Store.client`."""
        return redis.Redis.from_url(self._server.url())

    def wipe(self) -> None:
        """See `Broker.wipe`."""
        with contextlib.suppress(redis.RedisError), self.client() as client:
            client.flushall()

    def close(self) -> None:
        """See `Server.close`."""
        self._server.kill()
        self._server.tidy()
