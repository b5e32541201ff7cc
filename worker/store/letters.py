"""Dead letters and counters in Redis."""

from typing import Final

from pydantic import TypeAdapter

from worker.lanes import Partition
from worker.letters import DeadCommand, Unreadable
from worker.store import wire
from worker.store.keys import Keys
from worker.store.link import Linked
from worker.store.scripts import Script

_KEEP: Final = Script.named("keep")
_LETTERS: Final[TypeAdapter[DeadCommand | Unreadable]] = TypeAdapter(DeadCommand | Unreadable)


class RedisLetters(Linked):
    """Implements `worker.ports.Letters`."""

    async def keep(self, letter: Unreadable) -> None:
        """See `worker.ports.Letters.keep`."""
        keys = _home(letter.service)
        await self._link.run(
            _KEEP,
            (keys.dead, keys.letter(letter.id)),
            wire.millis(letter.arrived_at),
            letter.id,
            letter.model_dump_json(),
        )

    async def dead(self, service: str, *, limit: int) -> tuple[DeadCommand | Unreadable, ...]:
        """See `worker.ports.Letters.dead`."""
        found: list[tuple[float, DeadCommand | Unreadable]] = []
        for index in range(self._link.limits.service(service).partitions):
            found += await self._newest(Keys.of(Partition(service, index)), limit)
        found.sort(key=lambda each: each[0], reverse=True)
        return tuple(letter for _, letter in found[:limit])

    async def tally(self, service: str, counter: str) -> None:
        """See `worker.ports.Letters.tally`."""
        await self._link.ask(self._link.redis.hincrby(_home(service).tally, counter, 1))

    async def tallies(self, service: str) -> dict[str, int]:
        """See `worker.ports.Letters.tallies`."""
        counts = await self._link.ask(self._link.redis.hgetall(_home(service).tally))
        return {name.decode(): int(count) for name, count in counts.items()}

    async def _newest(self, keys: Keys, limit: int) -> list[tuple[float, DeadCommand | Unreadable]]:
        ids = await self._link.ask(self._link.redis.zrevrange(keys.dead, 0, limit - 1, withscores=True))
        pipeline = self._link.redis.pipeline(transaction=False)
        for letter_id, _ in ids:
            pipeline.hget(keys.letter(letter_id.decode()), "letter")
        letters = await self._link.ask(pipeline.execute())
        pairs = zip(ids, letters, strict=True)
        return [(at, _LETTERS.validate_json(letter)) for (_, at), letter in pairs if letter]


def _home(service: str) -> Keys:
    """What belongs to no conversation stands in the service's first partition."""
    return Keys.of(Partition(service, 0))
