"""Ways to a conversation, counts by channel, arrivals and signs of life in Redis."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from worker.arrivals import ARRIVALS_CAP, Arrival, decode, encode
from worker.lanes import Seen
from worker.pace import Pace
from worker.search_ports import Waiting
from worker.store import pace, seen, wire
from worker.store.keys import Keys
from worker.store.link import Linked

#: How long a channel's arrivals are remembered after the last one.
_ARRIVALS_KEPT: Final = timedelta(days=30)
#: How long is remembered that a process was there.
_SIGNS_KEPT: Final = timedelta(days=1)
#: Sorted set: process → milliseconds of its last sign of life.
SIGNS: Final = "bridge:{processes}:signs"


def arrivals_key(channel: str) -> str:
    """Return the list of a channel's last arrivals, newest first: a channel belongs to no partition."""
    return f"bridge:{{channels}}:arrivals:{channel}"


class RedisSearch(Linked):
    """Implements `worker.search_ports`."""

    async def recent(self, service: str, *, limit: int) -> tuple[str, ...]:
        """See `worker.search_ports.Search.recent`."""
        return await self._newest([keys.recent for keys in self._shares(service)], limit)

    async def led_to(self, service: str, clue: str) -> tuple[str, ...]:
        """See `worker.search_ports.Search.led_to`."""
        return await self._newest([keys.clue(clue) for keys in self._shares(service)], -1)

    async def key_seen(self, service: str, key: str) -> Seen | None:
        """See `worker.search_ports.Search.key_seen`."""
        asked = (self._conversation_of(keys, key) for keys in self._shares(service))
        stored = next((each for each in await asyncio.gather(*asked) if each), None)
        return seen.read(service, "", key, stored) if stored else None

    async def waiting(self, service: str, *, limit: int) -> tuple[Waiting, ...]:
        """See `worker.search_ports.Search.waiting`."""
        shares = await asyncio.gather(*(self._waiting(keys, limit) for keys in self._shares(service)))
        found = sorted((each for share in shares for each in share), key=lambda each: each.due)
        return tuple(found[:limit])

    async def paces(self, service: str) -> Mapping[str, Pace]:
        """See `worker.search_ports.Search.paces`."""
        shares = await asyncio.gather(*(self._paces(keys) for keys in self._shares(service)))
        channels = sorted({channel for share in shares for channel in share})
        return {
            channel: Pace.together(share[channel] for share in shares if channel in share)
            for channel in channels
        }

    async def put_arrivals(self, channel: str, arrivals: Sequence[Arrival]) -> None:
        """See `worker.search_ports.Arrivals.put_arrivals`."""
        pipeline, key = self._link.redis.pipeline(transaction=False), arrivals_key(channel)
        pipeline.lpush(key, *map(encode, arrivals))
        pipeline.ltrim(key, 0, ARRIVALS_CAP - 1)
        pipeline.pexpire(key, _ARRIVALS_KEPT)
        await self._link.ask(pipeline.execute())

    async def arrivals(self, channel: str, *, limit: int) -> tuple[Arrival, ...]:
        """See `worker.search_ports.Arrivals.arrivals`."""
        stored = await self._link.ask(self._link.redis.lrange(arrivals_key(channel), 0, limit - 1))
        return tuple(each for each in map(_arrival, stored) if each is not None)

    async def sign(self, process: str, *, now: datetime) -> None:
        """See `worker.search_ports.Pulses.sign`."""
        pipeline = self._link.redis.pipeline(transaction=False)
        pipeline.zadd(SIGNS, {process: wire.millis(now)})
        pipeline.zremrangebyscore(SIGNS, "-inf", wire.millis(now - _SIGNS_KEPT))
        await self._link.ask(pipeline.execute())

    async def signs(self) -> Mapping[str, datetime]:
        """See `worker.search_ports.Pulses.signs`."""
        stored = await self._link.ask(self._link.redis.zrange(SIGNS, 0, -1, withscores=True))
        return {process.decode(): wire.moment(at) for process, at in stored}

    async def _conversation_of(self, keys: Keys, key: str) -> bytes | None:
        pipeline = self._link.redis.pipeline(transaction=False)
        digest: Any = seen.digest(key)  # bytes, which redis-py takes and does not say
        pipeline.hget(keys.told(seen.bucket(key)), digest)
        pipeline.get(keys.seen(key))
        packed, text = await self._link.ask(pipeline.execute())
        found: bytes | None = packed or text
        return found

    async def _newest(self, trails: Sequence[str], limit: int) -> tuple[str, ...]:
        """Return where the trails of all partitions lead, newest first; all of it where `limit` is -1."""
        last = limit - 1 if limit > 0 else -1
        reading = (self._link.redis.zrevrange(trail, 0, last, withscores=True) for trail in trails)
        shares = await asyncio.gather(*(self._link.ask(each) for each in reading))
        found = sorted(((at, lane) for share in shares for lane, at in share), reverse=True)
        return tuple(lane.decode() for _, lane in found[: limit if limit > 0 else None])

    async def _waiting(self, keys: Keys, limit: int) -> list[Waiting]:
        lanes = await self._link.ask(self._link.redis.zrange(keys.due, 0, limit - 1, withscores=True))
        pipeline = self._link.redis.pipeline(transaction=False)
        for lane, _ in lanes:
            pipeline.lindex(keys.lane(lane.decode()), 0)
            pipeline.llen(keys.lane(lane.decode()))
        answers = await self._link.ask(pipeline.execute()) if lanes else []
        heads, counts = answers[::2], answers[1::2]
        return [
            Waiting(lane.decode(), wire.moment(at), _channel(head), count)
            for (lane, at), head, count in zip(lanes, heads, counts, strict=True)
            if count
        ]

    async def _paces(self, keys: Keys) -> dict[str, Pace]:
        channels = await self._link.ask(self._link.redis.zrange(keys.paces, 0, -1))
        pipeline = self._link.redis.pipeline(transaction=False)
        for channel in channels:
            pipeline.hgetall(keys.pace_of(channel.decode()))
        stored = await self._link.ask(pipeline.execute()) if channels else []
        return {
            channel.decode(): pace.read(each) for channel, each in zip(channels, stored, strict=True) if each
        }


def _channel(head: bytes | None) -> str:
    command = wire.queued(head).command if head else None
    return command.channel if command else ""


def _arrival(stored: Any) -> Arrival | None:  # noqa: ANN401 - Redis answers in any shape
    """Read an arrival; one that a newer bridge wrote hides no other."""
    try:
        return decode(stored)
    except ValidationError:
        return None
