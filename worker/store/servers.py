"""Servers: where the store is, behind one face for each way Redis is run."""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from redis.asyncio import Redis

from worker.store.packing import Argument
from worker.store.scripts import Script, ScriptRunner


class Servers(Protocol):
    """The server or servers that hold the store. Belongs to one event loop."""

    @property
    def redis(self) -> "Redis":
        """A client for plain calls, which finds the server that has a key."""

    @property
    def replicas(self) -> int:
        """How many replicas must have what counts."""

    @property
    def copied(self) -> bool:
        """Whether nothing can be lost by a failover: there is none, or replicas are waited for."""

    def run(
        self, script: Script, keys: tuple[str, ...], *arguments: Argument, patience_s: float = 0.0
    ) -> Coroutine[Any, Any, Any]:
        """Run a script where its keys are; with patience, many at once. Raises StoreUnavailable."""

    async def shards(self) -> int:
        """Return how many servers share the keys between them."""

    async def ask(self, shard: int, *words: Argument) -> Any:  # noqa: ANN401 - Redis answers in any shape
        """Ask one of them a plain question. Raises what redis-py raises."""

    async def aclose(self) -> None:
        """Give the connections back."""


class OneServer:
    """One server at a time: at an address, or whichever the sentinels call the master."""

    def __init__(
        self,
        redis: "Redis",
        *,
        timeout_s: float,
        replicas: int = 0,
        sentinels: Sequence["Redis"] = (),
    ) -> None:
        """`sentinels` are closed along with it; with them, a failover is possible."""
        self.redis = redis
        self.replicas = replicas
        self.copied = bool(replicas) or not sentinels
        self._sentinels = sentinels
        pool: Any = redis.connection_pool
        self._scripts = ScriptRunner(pool.get_connection, timeout_s=timeout_s, replicas=replicas)

    def run(
        self, script: Script, keys: tuple[str, ...], *arguments: Argument, patience_s: float = 0.0
    ) -> Coroutine[Any, Any, Any]:
        """See `Servers.run`."""
        return self._scripts.run(script, keys, *arguments, patience_s=patience_s)

    async def shards(self) -> int:
        """See `Servers.shards`."""
        return 1

    async def ask(self, shard: int, *words: Argument) -> Any:  # noqa: ANN401, ARG002 - Redis answers in any shape; there is one
        """See `Servers.ask`."""
        redis: Any = self.redis  # half typed
        return await redis.execute_command(*words)

    async def aclose(self) -> None:
        """See `Servers.aclose`."""
        for each in (self.redis, *self._sentinels):
            await each.aclose()
