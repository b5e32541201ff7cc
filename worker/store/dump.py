"""Dump: everything that stands in a store, key by key, and its way into another one.

Knows kinds of Redis values and nothing of what they mean: so it moves what a newer bridge wrote as well.
Large values travel in portions, so that neither way needs more memory than one of them takes.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from redis.exceptions import ResponseError

from worker.errors import StoreForeign, StoreUnavailable
from worker.store.format import KEY as STAMP
from worker.store.limits import CLIENT
from worker.store.link import Linked

#: What every key of the bridge begins with.
PREFIX: Final = "bridge:"
#: Items of one portion.
PORTION: Final = 1000
#: Keys read by one round trip. Whole letters may be large: they go alone.
_AT_ONCE: Final = 200
_LARGE: Final = b":letter:"


@dataclass(frozen=True, slots=True)
class Portion:
    """A key's value, or the next part of it."""

    key: bytes
    #: string, list, hash, set, zset or stream.
    kind: str
    #: A string's value; the elements of a list or a set; a hash's fields; a sorted set's members and scores;
    #: a stream's entries.
    items: Sequence[Any]
    #: How long the key still lives; None for ever.
    lives: timedelta | None = None
    #: Whether it goes on with what the portion before it began.
    more: bool = False


class RedisDump(Linked):
    """The way out of a Redis, and into one."""

    async def portions(self) -> AsyncIterator[Portion]:
        """Yield all that the bridge keeps here, but its stamp. Raises StoreUnavailable.

        What changes meanwhile may be there or not; a key may come twice, then as a whole each time.
        """
        for shard in range(await self._link.ask(self._link.servers.shards())):
            async for portion in self._shard(shard):
                yield portion

    async def size(self) -> int:
        """Return how many keys there are, those of others in the same database included."""
        return int(await self._link.ask(self._link.redis.dbsize()))

    async def others(self) -> int:
        """Return how many more connections of bridges there are; to be asked first in a process.

        1 where the server does not tell: then somebody may be there. Raises StoreUnavailable.
        """
        servers = self._link.servers
        try:
            shards = range(await self._link.ask(servers.shards()))
            told = [await self._link.ask(servers.ask(shard, "CLIENT LIST")) for shard in shards]
        except StoreUnavailable as error:
            if isinstance(error.__cause__, ResponseError):
                return 1
            raise
        # this very look has the name as well
        return max([client.get("name") for client in clients].count(CLIENT) - 1 for clients in told)

    async def stranger(self) -> str:
        """Return any key of the bridge but its stamp; empty where there is none."""
        for shard in range(await self._link.ask(self._link.servers.shards())):
            async for keys in self._scanned(shard):
                for key in keys:
                    return key.decode(errors="replace")
        return ""

    async def restore(self, portions: Sequence[Portion]) -> None:
        """Write portions, in the order in which they were read; a key's first one replaces what was there."""
        pipeline = self._link.redis.pipeline(transaction=False)
        for portion in portions:
            _write(pipeline, portion)
        await self._link.ask(pipeline.execute())

    async def _shard(self, shard: int) -> AsyncIterator[Portion]:
        async for own in self._scanned(shard):
            for key in filter(_is_large, own):
                async for portion in self._read([key]):
                    yield portion
            async for portion in self._read([key for key in own if not _is_large(key)]):
                yield portion

    async def _scanned(self, shard: int) -> AsyncIterator[list[bytes]]:
        cursor = 0
        while True:
            asked = self._link.servers.ask(shard, "SCAN", cursor, "MATCH", f"{PREFIX}*", "COUNT", _AT_ONCE)
            cursor, keys = await self._link.ask(asked)
            yield [key for key in keys if key != STAMP.encode()]
            if not cursor:
                return

    async def _read(self, keys: Sequence[bytes]) -> AsyncIterator[Portion]:
        if not keys:
            return
        pipeline = self._link.redis.pipeline(transaction=False)
        for key in keys:
            pipeline.type(key)
            pipeline.pttl(key)
        answers = iter(await self._link.ask(pipeline.execute()))
        described = [
            (key, kind.decode(), lives) for key, kind, lives in zip(keys, answers, answers, strict=True)
        ]
        found = [each for each in described if each[1] != "none"]  # it ended meanwhile
        for key, kind, _ in found:
            if kind not in _FIRST:
                raise StoreForeign(
                    f"{key.decode(errors='replace')} is a {kind}, which this bridge cannot move"
                )
        for key, kind, _ in found:
            _FIRST[kind](pipeline, key)
        firsts = await self._link.ask(pipeline.execute()) if found else []
        for (key, kind, lives), first in zip(found, firsts, strict=True):
            async for portion in self._whole(key, kind, lives, first):
                yield portion

    async def _whole(self, key: bytes, kind: str, lives_ms: int, first: Any) -> AsyncIterator[Portion]:  # noqa: ANN401 - Redis answers in any shape
        lives = timedelta(milliseconds=lives_ms) if lives_ms >= 0 else None
        place, items = _taken(kind, first, 0)
        if not items:
            return  # as above
        yield Portion(key, kind, items, lives)
        while place:
            pipeline = self._link.redis.pipeline(transaction=False)
            _NEXT[kind](pipeline, key, place)
            (answer,) = await self._link.ask(pipeline.execute())
            place, items = _taken(kind, answer, place)
            if items:
                yield Portion(key, kind, items, lives, more=True)


def _is_large(key: bytes) -> bool:
    return _LARGE in key


#: How the first part of each kind is asked for, and any further one from a place on.
_FIRST: Final[Mapping[str, Callable[[Any, bytes], object]]] = {
    "string": lambda pipeline, key: pipeline.get(key),
    "list": lambda pipeline, key: pipeline.lrange(key, 0, PORTION - 1),
    "hash": lambda pipeline, key: pipeline.hscan(key, 0, count=PORTION),
    "set": lambda pipeline, key: pipeline.sscan(key, 0, count=PORTION),
    "zset": lambda pipeline, key: pipeline.zrange(key, 0, PORTION - 1, withscores=True),
    "stream": lambda pipeline, key: pipeline.xrange(key, count=PORTION),
}
_NEXT: Final[Mapping[str, Callable[[Any, bytes, Any], object]]] = {
    "list": lambda pipeline, key, at: pipeline.lrange(key, at, at + PORTION - 1),
    "hash": lambda pipeline, key, at: pipeline.hscan(key, at, count=PORTION),
    "set": lambda pipeline, key, at: pipeline.sscan(key, at, count=PORTION),
    "zset": lambda pipeline, key, at: pipeline.zrange(key, at, at + PORTION - 1, withscores=True),
    "stream": lambda pipeline, key, at: pipeline.xrange(key, min=b"(" + at, count=PORTION),
}


def _taken(kind: str, answer: Any, place: Any) -> tuple[Any, Sequence[Any]]:  # noqa: ANN401 - Redis answers in any shape
    """Return where to go on, falsy at the end, and the items of an answer."""
    if kind == "string":
        return 0, [] if answer is None else [answer]
    if kind == "hash":
        return answer[0], list(answer[1].items())
    if kind == "set":
        return answer[0], answer[1]
    full = len(answer) == PORTION
    if kind == "stream":
        return answer[-1][0] if full else 0, answer
    return place + PORTION if full else 0, answer


def _write(pipeline: Any, portion: Portion) -> None:  # noqa: ANN401 - redis-py's pipeline has no useful type
    key, items = portion.key, portion.items
    if not portion.more:
        pipeline.delete(key)
    match portion.kind:
        case "string":
            pipeline.set(key, items[0])
        case "list":
            pipeline.rpush(key, *items)
        case "hash":
            pipeline.hset(key, mapping=dict(items))
        case "set":
            pipeline.sadd(key, *items)
        case "zset":
            pipeline.zadd(key, dict(items))
        case "stream":
            for place, fields in items:
                pipeline.xadd(key, dict(fields), id=place)
        case kind:
            raise StoreForeign(f"{key.decode(errors='replace')} is a {kind}, which this bridge cannot move")
    if portion.lives is not None and not portion.more:
        pipeline.pexpire(key, max(portion.lives // timedelta(milliseconds=1), 1))
