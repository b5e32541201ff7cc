"""A master and two replicas with three sentinels: to kill the store is to kill the master.

Whatever the sentinels announce, servers and sentinels themselves connect to. So the ways of the bridge stand
before all six, and a way to a sentinel puts the ports of its own way into what the sentinel says: a link that
is cut, late or stalled is so for the bridge alone, and no reason for a failover.

On a busy machine the sentinels replace a master that lives, now and then, as they would in production.
"""

import signal
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import redis

from bridge.redis_server import find_server
from tests.faults.grounds.ground import FEW
from tests.faults.proxy import Bundle, Link, Way, to_port
from tests.redis_servers import Node, Watched, start_watched, until

FAILOVER: Final = "master killed → a replica is the master"


class Sentinel:
    """Implements `Store`."""

    partitions: Final = FEW
    #: All there are: with fewer, one may be promoted that has not seen what the others have confirmed.
    replicas: Final = 2

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._watched = Watched([], [])
        self._killed: Node | None = None
        self._killed_at = 0.0

    async def start(self) -> None:
        """See `Server.start`."""
        self._watched = start_watched(self._directory, find_server())

    def kill(self) -> None:
        """See `Server.kill`."""
        self._killed = self._watched.master
        self._killed.end(signal.SIGKILL)
        self._killed_at = time.monotonic()

    def restore(self) -> Mapping[str, float]:
        """See `Server.restore`. What was killed comes back as a replica."""
        killed = self._killed
        if killed is None:
            return {}
        until(lambda: self._watched.master is not killed, "the sentinels to make a replica the master")
        took_s = time.monotonic() - self._killed_at
        self._watched.follow(killed)
        self._killed = None
        return {FAILOVER: took_s}

    async def way(self) -> tuple[str, Way]:
        """See `Server.way`."""
        servers = {node.port: Link(to_port(node.port)) for node in self._watched.servers}
        for link in servers.values():
            await link.listen()
        ports = {port: link.port for port, link in servers.items()}
        sentinels = [
            Link(to_port(node.port), rewrite=partial(redirected, ports)) for node in self._watched.sentinels
        ]
        for link in sentinels:
            await link.listen()
        hosts = ",".join(f"127.0.0.1:{link.port}" for link in sentinels)
        return f"sentinel://{hosts}/main/0", Bundle([*servers.values(), *sentinels])

    def client(self) -> "redis.Redis":
        """See `Store.client`."""
        return redis.Redis(port=self._watched.master.port)

    def close(self) -> None:
        """See `Server.close`."""
        self._watched.end()


def redirected(ports: Mapping[int, int], said: bytes) -> bytes:
    """Return what a sentinel said with other ports, which have as many digits: no length changes."""
    for port, ours in ports.items():
        said = said.replace(b"\r\n%d\r\n" % port, b"\r\n%d\r\n" % ours)
    return said
