"""Choice: which grounds there are, by their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.grounds.cluster import Cluster
from tests.faults.grounds.ground import Broker, Store
from tests.faults.grounds.rabbitmq import RabbitMQ
from tests.faults.grounds.sentinel import Sentinel
from tests.faults.grounds.single import Single

STORES: Final[Mapping[str, Callable[[Path], Store]]] = {
    "redis": Single,
    "sentinel": Sentinel,
    "cluster": Cluster,
}
BROKERS: Final[Mapping[str, Callable[[Path], Broker]]] = {"redis": Single, "rabbitmq": RabbitMQ}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a storm is to stand on, by name."""

    store: str = "redis"
    broker: str = "redis"

    def store_in(self, directory: Path) -> Store:
        """Return its store, not yet started, with its data in a directory."""
        return STORES[self.store](directory)

    def broker_in(self, directory: Path) -> Broker:
        """Return its broker, as above."""
        return BROKERS[self.broker](directory)


#: One Redis for each.
REDIS: Final = Ground()
