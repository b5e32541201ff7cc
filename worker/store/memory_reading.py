"""The ledger and the letters of the in-memory store."""

from datetime import datetime

from worker.commands import Command
from worker.interactions import Interaction
from worker.lanes import Entry, LaneView, Queued, Seen
from worker.letters import DeadCommand, LetterHead, Unreadable
from worker.pace import Counted, Pace
from worker.store import wire
from worker.store.memory_state import MemoryState, received


class MemoryReading:
    """Implements `worker.ports.Ledger` and `worker.ports.Letters`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def view(self, service: str, external_id: str, *, pending: int | None = None) -> LaneView | None:
        """See `worker.ports.Ledger.view`."""
        share = self._state.home(service, external_id)
        lane = share.lanes.get(external_id)
        if lane is None:
            return None
        return LaneView(
            interaction=lane.interaction,
            pending=tuple(lane.commands[:pending]),
            history=tuple(lane.history),
            attempt=lane.attempt,
            due=share.due.get(external_id),
            parked=bool(lane.parked),
            accepted=lane.sequence,
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

    async def pace(self, service: str) -> Pace:
        """See `worker.ports.Ledger.pace`."""
        return Pace.together(share.pace for share in self._state.of(service))

    async def keep(self, letter: Unreadable) -> None:
        """See `worker.ports.Letters.keep`."""
        kept = self._state.letters[letter.service]
        if letter.id not in kept:
            kept[letter.id] = (letter.arrived_at, letter, ())
            self._state.of(letter.service)[0].count(Counted.DEAD, 1, letter.arrived_at, letter.channel)

    async def dead(self, service: str, *, limit: int, offset: int = 0) -> tuple[LetterHead, ...]:
        """See `worker.ports.Letters.dead`."""
        buried = self._state.letters[service].values()
        newest = sorted(buried, key=lambda each: (wire.millis(each[0]), each[1].id), reverse=True)
        return tuple(letter.head for _, letter, _ in newest[offset : offset + limit])

    async def old(
        self, service: str, *, before: datetime, limit: int, offset: int = 0
    ) -> tuple[LetterHead, ...]:
        """See `worker.ports.Letters.old`."""
        buried = [(at, letter) for at, letter, _ in self._state.letters[service].values() if at < before]
        oldest = sorted(buried, key=lambda each: (wire.millis(each[0]), each[1].id))
        return tuple(letter.head for _, letter in oldest[offset : offset + limit])

    async def letter(
        self, service: str, letter_id: str
    ) -> tuple[DeadCommand | Unreadable, tuple[Entry, ...]] | None:
        """See `worker.ports.Letters.letter`."""
        found = self._state.letters[service].get(letter_id)
        return found and (found[1], found[2])

    async def replay(self, letter: DeadCommand, command: Command, *, receipt_id: str, now: datetime) -> int:
        """See `worker.ports.Letters.replay`."""
        if receipt_id in self._state.answers:
            return self._state.answers[receipt_id]
        if self._state.letters[command.service].pop(letter.id, None) is None:
            return 0
        lane = self._state.lane(command.service, command.external_id)
        if lane.parked == letter.id:
            lane.parked, sequence, place = "", letter.sequence, 0
        else:
            lane.sequence += 1
            sequence, place = lane.sequence, len(lane.commands)
        self._state.answers[receipt_id] = sequence
        lane.commands.insert(place, Queued(sequence, receipt_id, now, command))
        lane.write(received(command, sequence, now, letter_id=letter.id))
        if not lane.parked:
            self._state.home(command.service, command.external_id).due.setdefault(command.external_id, now)
        return sequence

    async def discard(
        self, head: LetterHead, entry: Entry, *, token: str, unless_waited_for: bool = False
    ) -> bool:
        """See `worker.ports.Letters.discard`."""
        if token in self._state.answers:
            return True
        if unless_waited_for and self._is_waited_for(head):
            return False
        if self._state.letters[head.service].pop(head.id, None) is None:
            return False
        self._state.answers[token] = 1
        if head.external_id:
            share = self._state.home(head.service, head.external_id)
            lane = share.lanes[head.external_id]
            lane.write(entry)
            if lane.parked == head.id:
                lane.parked = ""
                if lane.commands:
                    share.due.setdefault(head.external_id, entry.at)
        return True

    def _is_waited_for(self, head: LetterHead) -> bool:
        lane = self._state.home(head.service, head.external_id).lanes.get(head.external_id)
        return lane is not None and lane.parked == head.id and bool(lane.commands)

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """See `worker.ports.Letters.tally`."""
        self._state.tallies[service][counter] += count

    async def tallies(self, service: str) -> dict[str, int]:
        """See `worker.ports.Letters.tallies`."""
        return dict(self._state.tallies[service])

    async def ping(self) -> None:
        """See `worker.ports.Store.ping`."""

    async def aclose(self) -> None:
        """See `worker.ports.Store.aclose`."""
