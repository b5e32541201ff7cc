"""Threads: which conversation a message belongs to, how often a sender came lately, and what was let go.

All of it belongs to a channel and to no partition, so its keys carry the hash tag
`{threads:service/channel}`. Names are hashed: they are strangers' words of any length.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from worker.notes import Note
from worker.store import wire
from worker.store.link import Linked
from worker.store.scripts import Script

#: Notes kept of each channel, the newest ones.
NOTES_CAP: Final = 1000
#: Messages of one sender that are looked at to count those of a window.
RECENT_CAP: Final = 1000

_BIND: Final = Script.named("bind")
_RECUR: Final = Script.named("recur")
_NOTE: Final = Script.named("note")
_FORGET: Final = Script.named("forget")


@dataclass(frozen=True, slots=True)
class ThreadKeys:
    """The keys of one channel's threads."""

    #: What every key of the channel begins with.
    prefix: str

    @classmethod
    def of(cls, service: str, channel: str) -> "ThreadKeys":
        """Return the keys of a channel."""
        return cls(f"bridge:{{threads:{service}/{channel}}}:")

    @property
    def times(self) -> str:
        """Sorted set: delivery that was let go → milliseconds of its arrival."""
        return self.prefix + "times"

    @property
    def notes(self) -> str:
        """Hash: delivery that was let go → its note."""
        return self.prefix + "notes"

    def name(self, name: str) -> str:
        """String: the conversation a name is bound to."""
        return f"{self.prefix}name:{_hashed(name)}"

    def recent(self, name: str) -> str:
        """Sorted set: what came under a name lately → milliseconds at which it came."""
        return f"{self.prefix}recent:{_hashed(name)}"


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class RedisThreads(Linked):
    """Implements `worker.ports.Threads`."""

    async def bind(
        self,
        service: str,
        channel: str,
        names: Sequence[str],
        *,
        mark: str,
        default: str,
        window: timedelta,
        now: datetime,
    ) -> str:
        """See `worker.ports.Threads.bind`."""
        keys = ThreadKeys.of(service, channel)
        found: bytes = await self._link.run(
            _BIND, tuple(map(keys.name, names)), wire.millis(now), mark, default, _ms(window)
        )
        return found.decode()

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, window: timedelta, now: datetime
    ) -> int:
        """See `worker.ports.Threads.recur`."""
        key = ThreadKeys.of(service, channel).recent(name)
        count: int = await self._link.run(_RECUR, (key,), wire.millis(now), member, _ms(window), RECENT_CAP)
        return count

    async def note(self, note: Note) -> None:
        """See `worker.ports.Threads.note`."""
        keys = ThreadKeys.of(note.service, note.channel)
        await self._link.run(
            _NOTE,
            (keys.times, keys.notes),
            wire.millis(note.arrived_at),
            note.id,
            note.model_dump_json(),
            NOTES_CAP,
        )

    async def notes(self, service: str, channel: str, *, limit: int) -> tuple[Note, ...]:
        """See `worker.ports.Threads.notes`."""
        keys = ThreadKeys.of(service, channel)
        ids = await self._link.ask(self._link.redis.zrevrange(keys.times, 0, limit - 1))
        if not ids:
            return ()
        stored = await self._link.ask(self._link.redis.hmget(keys.notes, ids))
        return tuple(note for note in map(_read, stored) if note is not None)

    async def forget_notes(self, service: str, channel: str, *, before: datetime) -> int:
        """See `worker.ports.Threads.forget_notes`."""
        keys = ThreadKeys.of(service, channel)
        forgotten: int = await self._link.run(_FORGET, (keys.times, keys.notes), wire.millis(before))
        return forgotten


def _ms(window: timedelta) -> int:
    return window // timedelta(milliseconds=1)


def _read(stored: bytes | None) -> Note | None:
    """Read a note; one that a newer bridge wrote hides no other."""
    try:
        return Note.model_validate_json(stored) if stored else None
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class _Bound:
    until: datetime
    mark: str
    conversation: str


@dataclass(slots=True)
class _Channel:
    bound: dict[str, _Bound] = field(default_factory=dict)
    recent: defaultdict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    notes: dict[str, Note] = field(default_factory=dict)


class MemoryThreads:
    """The same in memory."""

    def __init__(self) -> None:
        self._channels: defaultdict[tuple[str, str], _Channel] = defaultdict(_Channel)

    async def bind(
        self,
        service: str,
        channel: str,
        names: Sequence[str],
        *,
        mark: str,
        default: str,
        window: timedelta,
        now: datetime,
    ) -> str:
        """See `worker.ports.Threads.bind`."""
        bound = self._channels[service, channel].bound
        known = {name: bound[name] for name in names if name in bound and bound[name].until > now}
        own = known.get(names[0])
        reused = own is not None and own.mark not in {"", mark}
        others = names[1:] if reused else names
        decided = next((known[name].conversation for name in others if name in known), default)
        for name in others:
            was = known.get(name, _Bound(now, "", decided))
            bound[name] = _Bound(now + window, mark if name == names[0] else was.mark, was.conversation)
        return decided

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, window: timedelta, now: datetime
    ) -> int:
        """See `worker.ports.Threads.recur`."""
        recent = self._channels[service, channel].recent[name]
        for gone in [each for each, at in recent.items() if at <= now - 2 * window]:
            del recent[gone]
        at = recent.setdefault(member, now)
        ordered = sorted(recent, key=recent.__getitem__)  # of the same time, in the order they came
        count = ordered.index(member) + 1 - sum(1 for each in recent.values() if each <= at - window)
        for gone in ordered[:-RECENT_CAP]:
            del recent[gone]
        return count

    async def note(self, note: Note) -> None:
        """See `worker.ports.Threads.note`."""
        notes = self._channels[note.service, note.channel].notes
        notes.setdefault(note.id, note)
        for gone in sorted(notes, key=lambda each: (notes[each].arrived_at, each))[:-NOTES_CAP]:
            del notes[gone]

    async def notes(self, service: str, channel: str, *, limit: int) -> tuple[Note, ...]:
        """See `worker.ports.Threads.notes`."""
        kept = self._channels[service, channel].notes.values()
        return tuple(sorted(kept, key=lambda each: (each.arrived_at, each.id), reverse=True)[:limit])

    async def forget_notes(self, service: str, channel: str, *, before: datetime) -> int:
        """See `worker.ports.Threads.forget_notes`."""
        notes = self._channels[service, channel].notes
        old = [name for name, note in notes.items() if note.arrived_at < before]
        for name in old:
            del notes[name]
        return len(old)
