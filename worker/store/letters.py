"""Dead letters and counters in Redis."""

from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from worker.commands import Command, encode
from worker.lanes import Entry, Partition, partition_of
from worker.letters import DeadCommand, LetterHead, Unreadable
from worker.store import wire
from worker.store.keys import Keys
from worker.store.limits import HISTORY_CAP, REPEATABLE_MS
from worker.store.link import Linked
from worker.store.scripts import Script

_KEEP: Final = Script.named("keep", behind=("pace",))
_REPLAY: Final = Script.named("replay")
_DISCARD: Final = Script.named("discard")
_LETTERS: Final[TypeAdapter[DeadCommand | Unreadable]] = TypeAdapter(DeadCommand | Unreadable)
#: Heads read by one round trip: bounds how long others wait behind it.
_HEADS_AT_ONCE: Final = 500


class RedisLetters(Linked):
    """Implements `worker.ports.Letters`."""

    async def keep(self, letter: Unreadable) -> None:
        """See `worker.ports.Letters.keep`."""
        keys = _home(letter.service)
        await self._link.run(
            _KEEP,
            (keys.dead, keys.letter(letter.id), keys.pace),
            wire.millis(letter.arrived_at),
            letter.id,
            letter.model_dump_json(),
            letter.head.model_dump_json(),
            letter.channel,
        )

    async def dead(self, service: str, *, limit: int, offset: int = 0) -> tuple[LetterHead, ...]:
        """See `worker.ports.Letters.dead`."""
        found: list[tuple[float, str, str]] = []
        for keys in self._shares(service):
            newest = self._link.redis.zrevrange(keys.dead, 0, offset + limit - 1, withscores=True)
            ids = [(at, letter_id.decode()) for letter_id, at in await self._link.ask(newest)]
            found += [(at, letter_id, keys.letter(letter_id)) for at, letter_id in ids]
        page = [key for _, _, key in sorted(found, reverse=True)[offset : offset + limit]]
        heads: list[LetterHead | None] = []
        for begin in range(0, len(page), _HEADS_AT_ONCE):
            heads += await self._heads(page[begin : begin + _HEADS_AT_ONCE])
        return tuple(head for head in heads if head is not None)

    async def old(
        self, service: str, *, before: datetime, limit: int, offset: int = 0
    ) -> tuple[LetterHead, ...]:
        """See `worker.ports.Letters.old`."""
        found: list[tuple[float, str, str]] = []
        for keys in self._shares(service):
            oldest = self._link.redis.zrange(
                keys.dead,
                "-inf",
                f"({wire.millis(before)}",
                byscore=True,
                offset=0,
                num=offset + limit,
                withscores=True,
            )
            ids = [(at, letter_id.decode()) for letter_id, at in await self._link.ask(oldest)]
            found += [(at, letter_id, keys.letter(letter_id)) for at, letter_id in ids]
        heads = await self._heads([key for _, _, key in sorted(found)[offset : offset + limit]])
        return tuple(head for head in heads if head is not None)

    async def letter(
        self, service: str, letter_id: str
    ) -> tuple[DeadCommand | Unreadable, tuple[Entry, ...]] | None:
        """See `worker.ports.Letters.letter`."""
        for keys in self._shares(service):
            found, history = await self._link.ask(
                self._link.redis.hmget(keys.letter(letter_id), "letter", "history")
            )
            letter = _read(found)
            if letter is not None:
                return letter, wire.entries((history or b"").splitlines())
        return None

    async def replay(self, letter: DeadCommand, command: Command, *, receipt_id: str, now: datetime) -> int:
        """See `worker.ports.Letters.replay`."""
        lane, keys = command.external_id, self._keys(letter.head)
        before, after = wire.received(command, now, letter_id=letter.id)
        sequence: int = await self._link.run(
            _REPLAY,
            (
                keys.dead,
                keys.letter(letter.id),
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.history(lane),
                keys.keys(lane),
                keys.token(receipt_id),
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
            REPEATABLE_MS,
        )
        return sequence

    async def discard(
        self, head: LetterHead, entry: Entry, *, token: str, unless_waited_for: bool = False
    ) -> bool:
        """See `worker.ports.Letters.discard`."""
        lane, keys = head.external_id, self._keys(head)
        discarded = await self._link.run(
            _DISCARD,
            (
                keys.dead,
                keys.letter(head.id),
                keys.lane(lane),
                keys.row(lane),
                keys.due,
                keys.history(lane),
                keys.active,
                keys.keys(lane),
                keys.token(token),
            ),
            wire.millis(entry.at),
            lane,
            head.id,
            wire.line(entry),
            HISTORY_CAP,
            self._link.limits.service(head.service).ended_retention_ms,
            REPEATABLE_MS,
            int(unless_waited_for),
        )
        return bool(discarded)

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """See `worker.ports.Letters.tally`."""
        await self._link.ask(self._link.redis.hincrby(_home(service).tally, counter, count))

    async def tallies(self, service: str) -> dict[str, int]:
        """See `worker.ports.Letters.tallies`."""
        counts = await self._link.ask(self._link.redis.hgetall(_home(service).tally))
        return {name.decode(): int(count) for name, count in counts.items()}

    def _keys(self, head: LetterHead) -> Keys:
        if not head.external_id:
            return _home(head.service)
        partitions = self._link.limits.service(head.service).partitions
        return Keys.of(partition_of(head.service, head.external_id, partitions))

    async def _heads(self, letters: list[str]) -> list[LetterHead | None]:
        pipeline = self._link.redis.pipeline(transaction=False)
        for key in letters:
            pipeline.hget(key, "head")
        return [_read_head(stored) for stored in await self._link.ask(pipeline.execute())]


def _read(stored: bytes | None) -> DeadCommand | Unreadable | None:
    """Read a letter; None for one that a newer bridge wrote."""
    try:
        return _LETTERS.validate_json(stored) if stored else None
    except ValidationError:
        return None


def _read_head(stored: bytes | None) -> LetterHead | None:
    """Read a letter's head; one that a newer bridge wrote hides no other."""
    try:
        return LetterHead.model_validate_json(stored) if stored else None
    except ValidationError:
        return None


def _home(service: str) -> Keys:
    """What belongs to no conversation stands in the service's first partition."""
    return Keys.of(Partition(service, 0))
