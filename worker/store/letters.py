"""Dead letters and counters in Redis."""

from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from worker.commands import Command, encode
from worker.lanes import Entry, Partition, partition_of
from worker.letters import DeadCommand, Unreadable
from worker.store import wire
from worker.store.keys import Keys
from worker.store.limits import HISTORY_CAP
from worker.store.link import Linked
from worker.store.scripts import Script

_KEEP: Final = Script.named("keep")
_REPLAY: Final = Script.named("replay")
_DISCARD: Final = Script.named("discard")
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

    async def letter(
        self, service: str, letter_id: str
    ) -> tuple[DeadCommand | Unreadable, tuple[Entry, ...]] | None:
        """See `worker.ports.Letters.letter`."""
        for index in range(self._link.limits.service(service).partitions):
            keys = Keys.of(Partition(service, index))
            found, history = await self._link.ask(
                self._link.redis.hmget(keys.letter(letter_id), "letter", "history")
            )
            letter = _read(found)
            if letter is not None:
                lines = (history or b"").splitlines()
                return letter, tuple(wire.entry(line) for line in lines)
        return None

    async def replay(self, letter: DeadCommand, command: Command, *, receipt_id: str, now: datetime) -> int:
        """See `worker.ports.Letters.replay`."""
        lane = command.external_id
        keys = self._keys(letter)
        before, after = wire.received(command.kind, command.channel, now, command.trace_id)
        sequence: int = await self._link.run(
            _REPLAY,
            (
                keys.dead,
                keys.letter(letter.id),
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.history(lane),
            ),
            wire.millis(now),
            lane,
            letter.id,
            letter.sequence,
            receipt_id,
            encode(command),
            before,
            after,
            HISTORY_CAP,
        )
        return sequence

    async def discard(self, letter: DeadCommand | Unreadable, entry: Entry) -> bool:
        """See `worker.ports.Letters.discard`."""
        keys = self._keys(letter)
        lane = letter.command.external_id if isinstance(letter, DeadCommand) else ""
        discarded = await self._link.run(
            _DISCARD,
            (
                keys.dead,
                keys.letter(letter.id),
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.history(lane),
            ),
            wire.millis(entry.at),
            lane,
            letter.id,
            wire.line(entry),
            HISTORY_CAP,
        )
        return bool(discarded)

    def _keys(self, letter: DeadCommand | Unreadable) -> Keys:
        if isinstance(letter, Unreadable):
            return _home(letter.service)
        service, lane = letter.command.service, letter.command.external_id
        return Keys.of(partition_of(service, lane, self._link.limits.service(service).partitions))

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
        read = [(at, _read(letter)) for (_, at), letter in zip(ids, letters, strict=True)]
        return [(at, letter) for at, letter in read if letter is not None]


def _read(stored: bytes | None) -> DeadCommand | Unreadable | None:
    """Read a letter; one that a newer bridge wrote hides no other."""
    try:
        return _LETTERS.validate_json(stored) if stored else None
    except ValidationError:
        return None


def _home(service: str) -> Keys:
    """What belongs to no conversation stands in the service's first partition."""
    return Keys.of(Partition(service, 0))
