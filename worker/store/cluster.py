"""A cluster: every script touches one slot, so each goes to the node that has it.

redis-py's client knows the nodes and carries the plain calls. Scripts travel as they do to a single server,
many in one round trip over a connection of our own, so each node has a runner.
"""

import asyncio
from typing import Any, Final, cast

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AskError, ClusterDownError, MovedError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from worker.errors import StoreUnavailable
from worker.store.packing import Argument
from worker.store.scripts import AWAY, Script, ScriptRunner, unavailable

#: Between looks for the node that has a slot now. A failover takes longer: whoever was refused comes again.
_PAUSES_S: Final = (0.0, 0.2)
_ELSEWHERE: Final = (RedisConnectionError, OSError, TimeoutError, MovedError, ClusterDownError)


class Cluster:
    """Implements `worker.store.servers.Servers`."""

    def __init__(self, cluster: "RedisCluster", *, timeout_s: float, replicas: int = 0) -> None:
        self.redis = cast("Redis", cluster)  # the plain calls are the same
        self.replicas = replicas
        self.copied = replicas > 0
        self._cluster = cluster
        self._timeout_s = timeout_s
        self._runners: dict[str, ScriptRunner] = {}

    async def run(
        self, script: Script, keys: tuple[str, ...], *arguments: Argument, patience_s: float = 0.0
    ) -> Any:  # noqa: ANN401 - Redis answers in any shape
        """See `worker.store.servers.Servers.run`."""
        for pause_s in _PAUSES_S:
            runner = await self._runner(keys[0])
            try:
                return await runner.run(script, keys, *arguments, patience_s=patience_s)
            except StoreUnavailable as error:
                _refuse_half(error.__cause__)
                if not isinstance(error.__cause__, _ELSEWHERE):
                    raise
            await asyncio.sleep(pause_s)
            await self._look_again()
        return await (await self._runner(keys[0])).run(script, keys, *arguments, patience_s=patience_s)

    async def shards(self) -> int:
        """See `worker.store.servers.Servers.shards`."""
        return len(await self._primaries())

    async def ask(self, shard: int, *words: Argument) -> Any:  # noqa: ANN401 - Redis answers in any shape
        """See `worker.store.servers.Servers.ask`."""
        primaries = await self._primaries()
        return await primaries[shard % len(primaries)].execute_command(*words)

    async def aclose(self) -> None:
        """See `worker.store.servers.Servers.aclose`."""
        for runner in self._runners.values():
            await runner.aclose()
        await self._cluster.aclose()

    async def _primaries(self) -> list[ClusterNode]:
        await self._cluster.initialize()
        return sorted(self._cluster.get_primaries(), key=lambda node: node.name)

    async def _runner(self, key: str) -> ScriptRunner:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._cluster.initialize()
            node = self._cluster.get_node_from_key(key)
        except AWAY as error:
            raise unavailable(error) from error
        if node is None:
            raise StoreUnavailable("the store does not answer: no node of the cluster has the key's slot")
        if node.name not in self._runners:
            self._runners[node.name] = ScriptRunner(
                _way_to(node), timeout_s=self._timeout_s, replicas=self.replicas
            )
        return self._runners[node.name]

    async def _look_again(self) -> None:
        """Learn anew which node has which slot, and let go of nodes that have left."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._cluster.nodes_manager.initialize()
        except AWAY as error:
            raise unavailable(error) from error
        present = {node.name for node in self._cluster.get_nodes()}
        for name in self._runners.keys() - present:
            await self._runners.pop(name).aclose()


def _refuse_half(cause: BaseException | None) -> None:
    """Refuse a slot that is being moved: half of its keys are elsewhere, and a script needs them together."""
    if isinstance(cause, (AskError, TryAgainError)) and not isinstance(cause, MovedError):
        raise StoreUnavailable(
            "the store does not answer: the cluster is moving this slot to another node"
        ) from cause


def _way_to(node: ClusterNode) -> Any:  # noqa: ANN401 - a coroutine function; redis-py's own classes are half typed
    async def connect() -> AbstractConnection:
        # no tries of its own: a node that is gone is a question of where the slot is now
        options = {**node.connection_kwargs, "retry": Retry(NoBackoff(), 0)}
        return node.connection_class(**options)

    return connect
