"""Audits in Redis: a walk through the whole store, a bounded stretch at a time.

What an index has lost cannot be found through that index, so the walk is over the keys themselves (SCAN,
which is nothing for a hot path: this one runs every few minutes, and never further than it was told). Then
come the members of each index, which may name what is not there. Where a walk ended is kept in the store: the
next one goes on from there, in whatever process.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from worker.lanes import Partition
from worker.store import wire
from worker.store.keys import Keys
from worker.store.link import Linked
from worker.store.scripts import Script
from worker.upkeep import Audit, Flaw, Mended, Stretch
from worker.upkeep_ports import Watch

_MEND: Final = Script.named("mend")
_RELIST: Final = Script.named("relist")

#: Hash: how far the walk through the store has come.
PLACE: Final = "bridge:{audit}:place"
#: Keys visited, and members read, by one round trip: bounds how long others wait behind it.
_KEYS_AT_ONCE: Final = 1000
#: Conversations or letters held against the rules by one script, for the same reason.
_NAMES_AT_ONCE: Final = 100
#: What a check is called among the lanes in flight; see lua/checking.lua.
_NO_LANE: Final = b"\0"

#: Everything that belongs to a conversation or is a letter; idempotency keys and tokens end by themselves.
_PATTERN: Final = "bridge:{*/*}:[lrhk]*:*"
_KEY: Final = re.compile(
    rb"^bridge:\{(?P<service>[^{}/]+)/(?P<index>\d+)\}:(?P<kind>lane|row|history|keys|letter):(?P<name>.+)$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One way through a part of the store: all keys, or the members of one index."""

    name: str
    index: str = ""
    #: Which server's keys.
    shard: int = 0
    partition: Partition | None = None


@dataclass(frozen=True, slots=True)
class _Suspect:
    """Something to be held against the rules."""

    partition: Partition
    is_letter: bool
    name: bytes


class RedisAudits(Linked):
    """Implements `worker.upkeep_ports.Audits`."""

    async def audit(
        self,
        *,
        limit: int,
        now: datetime,
        anew: bool = False,
        dry: bool = False,
        watch: Watch | None = None,
    ) -> Audit:
        """See `worker.upkeep_ports.Audits.audit`."""
        walks = self._walks(await self._link.ask(self._link.servers.shards()))
        number, cursor = (0, 0) if anew or dry else await self._begin(walks)
        looked, visited, mended = 0, 0, dict[Mended, None]()
        total = await self._size(walks) if watch else 0
        while visited < limit and number < len(walks):
            cursor, suspects, steps = await self._step(walks[number], cursor)
            visited += steps
            looked += len(suspects)
            # what is only named is met again, by the keys and by an index
            mended |= dict.fromkeys(await self._mend(suspects, now, dry=dry))
            number += cursor == 0
            if watch:
                watch(Stretch(min(visited, total), total, len(mended)))
        whole = number == len(walks)
        if not dry:
            at: dict[Any, str | int] = {"walk": "" if whole else walks[number].name, "cursor": cursor}
            await self._link.ask(self._link.redis.hset(PLACE, mapping=at))
        return Audit(looked, tuple(mended), whole)

    async def _size(self, walks: list[_Walk]) -> int:
        """Return about how many steps all walks are together."""
        ask, redis, servers = self._link.ask, self._link.redis, self._link.servers
        sizes = [
            await ask(
                servers.ask(walk.shard, "DBSIZE") if walk.partition is None else redis.zcard(walk.index)
            )
            for walk in walks
        ]
        return sum(map(int, sizes))

    def _walks(self, shards: int) -> list[_Walk]:
        walks = [_Walk(f"keys {shard}" if shard else "keys", shard=shard) for shard in range(shards)]
        for service in sorted(self._link.limits.services):
            for place, keys in enumerate(self._shares(service)):
                partition = Partition(service, place)
                walks += [
                    _Walk(each, each, partition=partition)
                    for each in (keys.due, keys.active, keys.out, keys.dead)
                ]
        return walks

    async def _begin(self, walks: list[_Walk]) -> tuple[int, int]:
        """Return which walk to go on with, and where; a walk that is no longer there is begun anew."""
        name, cursor = await self._link.ask(self._link.redis.hmget(PLACE, "walk", "cursor"))
        places = {walk.name.encode(): number for number, walk in enumerate(walks)}
        return (places[name], int(cursor)) if name in places else (0, 0)

    async def _step(self, walk: _Walk, cursor: int) -> tuple[int, set[_Suspect], int]:
        """Return where to go on, what was met, and how many steps that took."""
        redis = self._link.redis
        if walk.partition is None:
            scan = ("SCAN", cursor, "MATCH", _PATTERN, "COUNT", _KEYS_AT_ONCE)
            cursor, keys = await self._link.ask(self._link.servers.ask(walk.shard, *scan))
            return cursor, {each for each in map(_suspect, keys) if each}, _KEYS_AT_ONCE
        cursor, page = await self._link.ask(redis.zscan(walk.index, cursor, count=_KEYS_AT_ONCE))
        is_letter = walk.index == Keys.of(walk.partition).dead
        names = {name for name, _ in page if not name.startswith(_NO_LANE)}
        return cursor, {_Suspect(walk.partition, is_letter, name) for name in names}, max(len(page), 1)

    async def _mend(self, suspects: Iterable[_Suspect], now: datetime, *, dry: bool) -> list[Mended]:
        groups = defaultdict[tuple[Partition, bool], list[bytes]](list)
        for each in suspects:
            groups[each.partition, each.is_letter].append(each.name)
        mended: list[Mended] = []
        for (partition, is_letter), names in groups.items():
            for begin in range(0, len(names), _NAMES_AT_ONCE):
                batch = names[begin : begin + _NAMES_AT_ONCE]
                call = self._letters if is_letter else self._conversations
                found = await call(partition, batch, now, dry=dry)
                flaws = zip(found[::2], found[1::2], strict=True)
                mended += [Mended(partition, Flaw(flaw.decode()), name.decode()) for flaw, name in flaws]
        return mended

    async def _conversations(
        self, partition: Partition, names: list[bytes], now: datetime, *, dry: bool
    ) -> list[Any]:
        keys, retention = Keys.of(partition), self._link.limits.service(partition.service).ended_retention_ms
        found: list[Any] = await self._link.run(
            _MEND,
            (keys.due, keys.active, keys.out),
            wire.millis(now),
            keys.prefix,
            retention,
            int(dry),
            *names,
        )
        return found

    async def _letters(
        self, partition: Partition, names: list[bytes], now: datetime, *, dry: bool
    ) -> list[Any]:
        keys = Keys.of(partition)
        found: list[Any] = await self._link.run(
            _RELIST, (keys.dead,), wire.millis(now), keys.prefix, int(dry), *names
        )
        return found


def _suspect(key: bytes) -> _Suspect | None:
    """Return what a key belongs to; None where it only looks like ours."""
    found = _KEY.match(key)
    if not found:
        return None
    partition = Partition(found["service"].decode(), int(found["index"]))
    return _Suspect(partition, found["kind"] == b"letter", found["name"])
