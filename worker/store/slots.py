"""Slots: each stretch of a schedule's time happens once, however many processes ask for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from worker.store import wire
from worker.store.link import Linked
from worker.store.scripts import Script

_SLOT: Final = Script.named("slot")
_MILLISECOND: Final = timedelta(milliseconds=1)


def slot_key(schedule: str) -> str:
    """Return where a schedule's last slot stands: a schedule belongs to no partition."""
    return f"bridge:{{slots}}:{schedule}"


class RedisSlots(Linked):
    """Implements `worker.upkeep_ports.Slots`."""

    async def take_slot(self, schedule: str, *, every: timedelta, token: str, now: datetime) -> bool:
        """See `worker.upkeep_ports.Slots.take_slot`."""
        taken = await self._link.run(
            _SLOT, (slot_key(schedule),), wire.millis(now), every // _MILLISECOND, token
        )
        return bool(taken)


@dataclass(slots=True)
class _Taken:
    at: int
    token: str
    behind: int | None = None


class MemorySlots:
    """The same in memory."""

    def __init__(self) -> None:
        self._slots: dict[str, _Taken] = {}

    async def take_slot(self, schedule: str, *, every: timedelta, token: str, now: datetime) -> bool:
        """See `worker.upkeep_ports.Slots.take_slot`."""
        time, interval = wire.millis(now), every // _MILLISECOND
        last = self._slots.get(schedule)
        if last is not None and last.token == token:
            return True
        if last is not None and not _may_take(last, time, interval):
            return False
        self._slots[schedule] = _Taken(time, token)
        return True


def _may_take(last: _Taken, time: int, interval: int) -> bool:
    """Say whether the present slot is free; remembers a clock that is behind."""
    if time // interval == last.at // interval:
        return False
    if time >= last.at:
        return True
    if last.behind is None or time < last.behind:
        last.behind = time
        return False
    return time - last.behind >= 2 * interval
