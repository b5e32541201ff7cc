"""Ground: what stands beneath a storm, a store and a broker, each of one kind. The plan knows neither."""

from collections.abc import Mapping
from typing import Final, Protocol

import redis

from tests.faults.proxy import Way

#: How many partitions each service has on one server.
FEW: Final[Mapping[str, int]] = {"support": 1, "billing": 2}


class Server(Protocol):
    """One server, or several that are one to the bridge. All but `start` and `way` may block."""

    async def start(self) -> None:
        """Start it, and return when it works."""

    def kill(self) -> None:
        """End at once the one of its servers that does the work; or the only one."""

    def restore(self) -> Mapping[str, float]:
        """Bring back what was killed, and return when it works again: how long steps of that took."""

    async def way(self) -> tuple[str, Way]:
        """Open a way to it on which things can break, and return it behind its URL for the bridge."""

    def close(self) -> None:
        """End all of it."""


class Store(Server, Protocol):
    """What remembers."""

    #: How many partitions each service has.
    partitions: Mapping[str, int]
    #: How many replicas must have what counts as accepted.
    replicas: int

    def client(self) -> "redis.Redis":
        """Return a client that goes past every way."""


class Broker(Server, Protocol):
    """What carries rings."""

    def wipe(self) -> None:
        """Let it forget everything, if it is there."""
