"""The store on Redis, put together."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ResponseError

from worker.errors import StoreUnavailable, StoreUnsafe
from worker.store.audits import RedisAudits
from worker.store.checks import RedisChecks
from worker.store.deeds import RedisDeeds
from worker.store.dump import RedisDump
from worker.store.format import RedisFormat
from worker.store.lanes import RedisLanes
from worker.store.ledger import RedisLedger
from worker.store.letters import RedisLetters
from worker.store.limits import CLIENT, Limits
from worker.store.link import Link
from worker.store.mailboxes import RedisMailboxes
from worker.store.outbox import RedisOutbox
from worker.store.pauses import RedisPauses
from worker.store.proofs import RedisProofs
from worker.store.search import RedisSearch
from worker.store.skew import RedisSkew
from worker.store.slots import RedisSlots
from worker.store.sweeps import RedisSweeps
from worker.store.threads import RedisThreads
from worker.store.visits import RedisVisits

#: Every verb may be repeated, so a broken connection is mended quickly and without asking.
_RETRY = Retry(ExponentialBackoff(cap=0.2, base=0.02), 3)


_LATE: Final = (
    "unless appendfsync is always, what was accepted in the last second or two is lost when its machine dies"
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
):
    """Implements `worker.ports.Store` for the event loop in which it is used."""

    @classmethod
    def open(cls, url: str, limits: Limits, *, timeout_s: float) -> "RedisStore":
        """Return the store at a Redis URL. Connects with the first call."""
        redis = Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=_RETRY,
            client_name=CLIENT,
        )
        return cls(Link(redis, limits, timeout_s=timeout_s))

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
        memory = await self._link.ask(self._link.redis.info("memory"))
        persistence = await self._link.ask(self._link.redis.info("persistence"))
        if persistence.get("loading"):
            raise StoreUnavailable("the store does not answer yet: it still reads its file")
        found = []
        if memory.get("maxmemory_policy", "noeviction") != "noeviction":
            found.append(f"evicts keys when memory is short (maxmemory-policy {memory['maxmemory_policy']})")
        if not persistence.get("aof_enabled"):
            found.append("does not write to disk what it accepts (appendonly no)")
        return tuple(found)

    async def weaknesses(self) -> tuple[str, ...]:
        """Return what a person should know who relies on the server, each as the end of a sentence.

        Hosted servers often answer before they have written to the disk, and many do not let themselves be
        asked; both are common enough to be allowed, and must not go unsaid.
        """
        try:
            answer = await self._link.ask(self._link.redis.config_get("appendfsync"))
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, ResponseError):
                raise
            return (f"does not tell when it writes to disk (it refuses CONFIG GET): {_LATE}",)
        policy = answer.get("appendfsync", "always")
        if policy == "always":
            return ()
        return (f"answers before it has written to disk (appendfsync {policy}): {_LATE}",)

    async def aclose(self) -> None:
        """See `worker.ports.Store.aclose`."""
        await self._link.redis.aclose()
