"""A cluster of three masters, each with a third of the slots: to kill the store is to kill one by turns.

A node has one address for all clients, and announces it: so both ways to the store are one here, before all
three nodes. The nodes themselves speak over ports of their own, past it.
"""

import itertools
import signal
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final, cast

import redis
from redis.cluster import ClusterNode

from bridge.redis_server import find_server
from tests.faults.proxy import Bundle, Link, Streams, Way, to_port
from tests.redis_servers import Node, end_all, start_cluster, wait_whole

_SIZE: Final = 3
WHOLE: Final = "node started → the cluster is whole"


class Cluster:
    """Implements `Store`."""

    #: Several times as many as there are nodes, as docs/operations.md says.
    partitions: Final[Mapping[str, int]] = {"support": 6, "billing": 6}
    replicas: Final = 0

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._nodes: list[Node] = []
        self._links = [Link(partial(self._dial, number)) for number in range(_SIZE)]
        self._turns: Iterator[int] = itertools.cycle(range(_SIZE))
        self._killed: Node | None = None

    async def start(self) -> None:
        """See `Server.start`."""
        for link in self._links:
            await link.listen()
        announced = [link.port for link in self._links]
        self._nodes = start_cluster(self._directory, find_server(), size=_SIZE, announced=announced)

    def kill(self) -> None:
        """See `Server.kill`."""
        self._killed = self._nodes[next(self._turns)]
        self._killed.end(signal.SIGKILL)

    def restore(self) -> Mapping[str, float]:
        """See `Server.restore`."""
        if self._killed is None:
            return {}
        began = time.monotonic()
        self._killed.start()
        self._killed = None
        wait_whole(self._nodes)
        return {WHOLE: time.monotonic() - began}

    async def way(self) -> tuple[str, Way]:
        """See `Server.way`."""
        hosts = ",".join(f"127.0.0.1:{link.port}" for link in self._links)
        return f"cluster://{hosts}", Bundle(self._links)

    def client(self) -> "redis.Redis":
        """See `Store.client`."""
        behind = {link.port: node.port for link, node in zip(self._links, self._nodes, strict=True)}
        cluster = redis.RedisCluster(
            startup_nodes=[ClusterNode("127.0.0.1", node.port) for node in self._nodes],
            address_remap=lambda address: (address[0], behind.get(address[1], address[1])),
        )
        return cast("redis.Redis", cluster)  # the plain calls are the same

    def close(self) -> None:
        """See `Server.close`."""
        end_all(self._nodes)

    async def _dial(self, number: int) -> Streams:
        """Connect to a node, which has no port before it is started."""
        return await to_port(self._nodes[number].port)()
