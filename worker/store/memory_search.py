"""Ways to a conversation, counts by channel, arrivals and signs of life of the in-memory store."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from worker.arrivals import ARRIVALS_CAP, Arrival
from worker.lanes import Seen
from worker.pace import Pace
from worker.search_ports import Waiting
from worker.store.memory_state import MemoryState


class MemorySearch:
    """Implements `worker.search_ports`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._arrivals: dict[str, list[Arrival]] = {}
        self._signs: dict[str, datetime] = {}

    async def recent(self, service: str, *, limit: int) -> tuple[str, ...]:
        """See `worker.search_ports.Search.recent`."""
        return (await self.led_to(service, ""))[:limit]

    async def led_to(self, service: str, clue: str) -> tuple[str, ...]:
        """See `worker.search_ports.Search.led_to`."""
        trails = [share.trails[clue] for share in self._state.of(service) if clue in share.trails]
        found = sorted(((at, name) for trail in trails for name, at in trail.items()), reverse=True)
        return tuple(name for _, name in found)

    async def key_seen(self, service: str, key: str) -> Seen | None:
        """See `worker.search_ports.Search.key_seen`."""
        return next((share.seen[key] for share in self._state.of(service) if key in share.seen), None)

    async def waiting(self, service: str, *, limit: int) -> tuple[Waiting, ...]:
        """See `worker.search_ports.Search.waiting`."""
        found = []
        for share in self._state.of(service):
            for name, due in share.due.items():
                commands = share.lanes[name].commands
                head = commands[0].command if commands else None
                found.append(Waiting(name, due, head.channel if head else "", len(commands)))
        return tuple(sorted((each for each in found if each.commands), key=lambda each: each.due)[:limit])

    async def paces(self, service: str) -> Mapping[str, Pace]:
        """See `worker.search_ports.Search.paces`."""
        shares = self._state.of(service)
        channels = sorted({channel for share in shares for channel in share.paces if channel})
        return {
            channel: Pace.together(share.paces[channel] for share in shares if channel in share.paces)
            for channel in channels
        }

    async def put_arrivals(self, channel: str, arrivals: Sequence[Arrival]) -> None:
        """See `worker.search_ports.Arrivals.put_arrivals`."""
        self._arrivals[channel] = [*self._arrivals.get(channel, ()), *arrivals][-ARRIVALS_CAP:]

    async def arrivals(self, channel: str, *, limit: int) -> tuple[Arrival, ...]:
        """See `worker.search_ports.Arrivals.arrivals`."""
        return tuple(reversed(self._arrivals.get(channel, ())))[:limit]

    async def sign(self, process: str, *, now: datetime) -> None:
        """See `worker.search_ports.Pulses.sign`."""
        kept = {each: at for each, at in self._signs.items() if now - at <= timedelta(days=1)}
        self._signs = {**kept, process: now}

    async def signs(self) -> Mapping[str, datetime]:
        """See `worker.search_ports.Pulses.signs`."""
        return dict(self._signs)
