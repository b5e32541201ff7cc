"""The ledger and the letters of the in-memory store."""

from datetime import datetime

from worker.commands import Command
from worker.interactions import Interaction
from worker.lanes import Entry, LaneView, Queued, Seen
from worker.letters import DeadCommand, Unreadable
from worker.store.memory_state import MemoryState, received


class MemoryReading:
    """Implements `worker.ports.Ledger` and `worker.ports.Letters`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def view(self, service: str, external_id: str) -> LaneView | None:
        """See `worker.ports.Ledger.view`."""
        share = self._state.home(service, external_id)
        lane = share.lanes.get(external_id)
        if lane is None:
            return None
        return LaneView(
            interaction=lane.interaction,
            pending=tuple(lane.commands),
            history=tuple(lane.history),
            attempt=lane.attempt,
            due=share.due.get(external_id),
            parked=bool(lane.parked),
        )

    async def seen(self, service: str, external_id: str, key: str) -> Seen | None:
        """See `worker.ports.Ledger.seen`."""
        share = self._state.home(service, external_id)
        lane = share.lanes.get(external_id)
        return share.seen.get(key) or (lane.keys.get(key) if lane else None)

    async def interactions(self, service: str, *, limit: int) -> tuple[Interaction, ...]:
        """See `worker.ports.Ledger.interactions`."""
        rows = [
            (lane.activity, lane.interaction)
            for partition, share in self._state.shares.items()
            if partition.service == service
            for lane in share.lanes.values()
            if lane.activity
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        return tuple(interaction for _, interaction in rows[:limit])

    async def keep(self, letter: Unreadable) -> None:
        """See `worker.ports.Letters.keep`."""
        self._state.letters[letter.service].setdefault(letter.id, (letter.arrived_at, letter, ()))

    async def dead(self, service: str, *, limit: int) -> tuple[DeadCommand | Unreadable, ...]:
        """See `worker.ports.Letters.dead`."""
        newest = sorted(self._state.letters[service].values(), key=lambda each: each[0], reverse=True)
        return tuple(letter for _, letter, _ in newest[:limit])

    async def letter(
        self, service: str, letter_id: str
    ) -> tuple[DeadCommand | Unreadable, tuple[Entry, ...]] | None:
        """See `worker.ports.Letters.letter`."""
        found = self._state.letters[service].get(letter_id)
        return found and (found[1], found[2])

    async def replay(self, letter: DeadCommand, command: Command, *, receipt_id: str, now: datetime) -> int:
        """See `worker.ports.Letters.replay`."""
        if self._state.letters[command.service].pop(letter.id, None) is None:
            return 0
        lane = self._state.lane(command.service, command.external_id)
        if lane.parked == letter.id:
            lane.parked, sequence, place = "", letter.sequence, 0
        else:
            lane.sequence += 1
            sequence, place = lane.sequence, len(lane.commands)
        lane.commands.insert(place, Queued(sequence, receipt_id, now, command))
        lane.write(received(command, sequence, now))
        if not lane.parked:
            self._state.home(command.service, command.external_id).due.setdefault(command.external_id, now)
        return sequence

    async def discard(self, letter: DeadCommand | Unreadable, entry: Entry) -> bool:
        """See `worker.ports.Letters.discard`."""
        service = letter.service if isinstance(letter, Unreadable) else letter.command.service
        if self._state.letters[service].pop(letter.id, None) is None:
            return False
        if isinstance(letter, DeadCommand):
            lane = self._state.lane(service, letter.command.external_id)
            lane.write(entry)
            if lane.parked == letter.id:
                lane.parked = ""
                if lane.commands:
                    name = letter.command.external_id
                    self._state.home(service, name).due.setdefault(name, entry.at)
        return True

    async def tally(self, service: str, counter: str) -> None:
        """See `worker.ports.Letters.tally`."""
        self._state.tallies[service][counter] += 1

    async def tallies(self, service: str) -> dict[str, int]:
        """See `worker.ports.Letters.tallies`."""
        return dict(self._state.tallies[service])

    async def ping(self) -> None:
        """See `worker.ports.Store.ping`."""

    async def aclose(self) -> None:
        """See `worker.ports.Store.aclose`."""
