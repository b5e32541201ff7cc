"""The link to Redis: scripts and plain calls, in time and unbroken, or StoreUnavailable."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any

from worker.lanes import Partition
from worker.store.keys import Keys
from worker.store.limits import Limits
from worker.store.packing import Argument
from worker.store.scripts import AWAY, Script, unavailable
from worker.store.servers import Servers


class Link:
    """The servers of the store, for the callers of one event loop."""

    def __init__(self, servers: Servers, limits: Limits, *, timeout_s: float) -> None:
        self.servers = servers
        self.redis = servers.redis
        self.limits = limits
        self._timeout_s = timeout_s

    def run(
        self, script: Script, keys: tuple[str, ...], *arguments: Argument, patience_s: float = 0.0
    ) -> Coroutine[Any, Any, Any]:
        """Run a verb; calls of one loop turn travel together, and those that have patience of more."""
        return self.servers.run(script, keys, *arguments, patience_s=patience_s)

    async def ask(self, call: Awaitable[Any]) -> Any:  # noqa: ANN401 - Redis answers in any shape
        """Await a plain call."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await call
        except (*AWAY, RuntimeError) as error:
            # a RuntimeError is uvloop's word for a transport that is closed already
            raise unavailable(error) from error


class Linked:
    """Something that speaks over a link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def _shares(self, service: str) -> list[Keys]:
        """Return the keys of each partition of a service."""
        partitions = self._link.limits.service(service).partitions
        return [Keys.of(Partition(service, index)) for index in range(partitions)]
