"""The store on Redis, put together."""

from typing import Any, Final

from redis.exceptions import ResponseError

from worker.errors import StoreUnavailable, StoreUnsafe
from worker.store.audits import RedisAudits
from worker.store.checks import RedisChecks
from worker.store.deeds import RedisDeeds
from worker.store.dump import RedisDump
from worker.store.erasure import RedisErasure
from worker.store.format import RedisFormat
from worker.store.lanes import RedisLanes
from worker.store.ledger import RedisLedger
from worker.store.letters import RedisLetters
from worker.store.limits import Limits
from worker.store.link import Link
from worker.store.mailboxes import RedisMailboxes
from worker.store.opening import open_servers
from worker.store.outbox import RedisOutbox
from worker.store.pauses import RedisPauses
from worker.store.proofs import RedisProofs
from worker.store.search import RedisSearch
from worker.store.skew import RedisSkew
from worker.store.slots import RedisSlots
from worker.store.sweeps import RedisSweeps
from worker.store.threads import RedisThreads
from worker.store.visits import RedisVisits

_LATE: Final = (
    "unless appendfsync is always, what was accepted in the last second or two is lost when its machine dies"
)
_UNCOPIED: Final = (
    "is copied to its replicas after it has answered (store.replicas = 0): what was accepted right before "
    "a failover is lost"
)


_HALF_COPIED: Final = (
    "has {present} replicas, and {wanted} must have what counts (store.replicas): what was accepted while a "
    "master is replaced that still lives, being slow or cut off with a replica, is lost"
)


class RedisStore(
    RedisLanes,
    RedisLedger,
    RedisLetters,
    RedisSearch,
    RedisPauses,
    RedisSweeps,
    RedisThreads,
    RedisMailboxes,
    RedisSlots,
    RedisChecks,
    RedisProofs,
    RedisAudits,
    RedisOutbox,
    RedisFormat,
    RedisDump,
    RedisSkew,
    RedisDeeds,
    RedisVisits,
    RedisErasure,
):
    """Implements `worker.ports.Store` for the event loop in which it is used."""

    @classmethod
    def open(cls, url: str, limits: Limits, *, timeout_s: float, replicas: int = 0) -> "RedisStore":
        """Return the store at a URL (see `worker.redis_url`). Connects with the first call.

        What is written counts once so many replicas have it. Raises SettingsError.
        """
        servers = open_servers(url, timeout_s=timeout_s, replicas=replicas)
        return cls(Link(servers, limits, timeout_s=timeout_s))

    async def ping(self) -> None:
        """See `worker.ports.Store.ping`."""
        await self._link.ask(self._link.redis.ping())

    async def refuse_unsafe(self) -> None:
        """Raise StoreUnsafe when the server evicts or does not persist."""
        for trouble in await self.troubles():
            raise StoreUnsafe(
                f"the store {trouble}: what was accepted could be lost. "
                "Mend it, or set store.allow_unsafe = true if that is acceptable"
            )

    async def troubles(self) -> tuple[str, ...]:
        """Return what makes the server unfit to keep a promise, each as the end of a sentence.

        Raises StoreUnavailable, also while the server still reads its file: until then it says it has none.
        """
        found = list[str]()
        for shard in range(await self._link.ask(self._link.servers.shards())):
            memory = await self._told(shard, "INFO", "memory")
            persistence = await self._told(shard, "INFO", "persistence")
            if persistence.get("loading"):
                raise StoreUnavailable("the store does not answer yet: it still reads its file")
            policy = memory.get("maxmemory_policy", "noeviction")
            if policy != "noeviction":
                found.append(f"evicts keys when memory is short (maxmemory-policy {policy})")
            if not persistence.get("aof_enabled"):
                found.append("does not write to disk what it accepts (appendonly no)")
        return tuple(dict.fromkeys(found))

    async def weaknesses(self) -> tuple[str, ...]:
        """Return what a person should know who relies on the server, each as the end of a sentence.

        Hosted servers often answer before they have written to the disk, and many do not let themselves be
        asked; both are common enough to be allowed, and must not go unsaid.
        """
        found = [] if self._link.servers.copied else [_UNCOPIED]
        for shard in range(await self._link.ask(self._link.servers.shards())):
            found += await self._half_copied(shard)
            try:
                answer = await self._told(shard, "CONFIG GET", "appendfsync")
            except StoreUnavailable as error:
                if not isinstance(error.__cause__, ResponseError):
                    raise
                found.append(f"does not tell when it writes to disk (it refuses CONFIG GET): {_LATE}")
                continue
            policy = answer.get("appendfsync", "always")
            if policy != "always":
                found.append(f"answers before it has written to disk (appendfsync {policy}): {_LATE}")
        return tuple(dict.fromkeys(found))

    async def _half_copied(self, shard: int) -> list[str]:
        """Say it where a replica may be promoted that has not seen what others have confirmed."""
        wanted = self._link.servers.replicas
        if not wanted:
            return []
        present = (await self._told(shard, "INFO", "replication")).get("connected_slaves", 0)
        return [_HALF_COPIED.format(present=present, wanted=wanted)] if present > wanted else []

    async def aclose(self) -> None:
        """See `worker.ports.Store.aclose`."""
        await self._link.servers.aclose()

    async def _told(self, shard: int, *words: str) -> Any:  # noqa: ANN401 - Redis answers in any shape
        return await self._link.ask(self._link.servers.ask(shard, *words))
