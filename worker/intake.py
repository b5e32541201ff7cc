"""Intake: where every door ends. Accepted is said only after the store accepted."""

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from worker.arrivals import ARRIVALS_CAP, Arrival
from worker.blob import BlobName
from worker.budget import MARKS_BYTES
from worker.commands import Command
from worker.errors import (
    BridgeError,
    KeyConflict,
    LaneFull,
    Overtaken,
    StoreUnavailable,
    UnknownService,
)
from worker.events import CommandAccepted, CommandRepeated, Event
from worker.lanes import Receipt, partition_of
from worker.letters import Unreadable
from worker.notes import Note
from worker.ports import Blobs, Clock, Doorbell, Ids, Listener, Store
from worker.settings import ServiceSettings
from worker.userdata import within_rules

#: How long counts are gathered before they are written: a flood of refusals is no flood for the store.
COUNTED_EVERY_S: Final = 0.2


class Intake:
    """Implements `worker.ports.Door`."""

    def __init__(
        self,
        store: Store,
        doorbell: Doorbell,
        *,
        services: Mapping[str, ServiceSettings],
        clock: Clock,
        ids: Ids,
        listen: Listener,
        blobs: Blobs | None = None,
    ) -> None:
        """`blobs` are where whole messages are kept; None keeps none."""
        self._store = store
        self._doorbell = doorbell
        self._services = services
        self._clock = clock
        self._ids = ids
        self._listen = listen
        self._blobs = blobs
        self._ringing: set[asyncio.Task[bool]] = set()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._arrivals: defaultdict[str, deque[Arrival]] = defaultdict(lambda: deque(maxlen=ARRIVALS_CAP))
        self._counting: asyncio.Task[None] | None = None

    async def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """See `worker.ports.Door.submit`.

        Lanes are independent, so a batch's commands for different lanes go out together.
        """
        acceptable = [self._acceptable(each) for each in commands]
        if len(acceptable) == 1:
            return (await self._append(acceptable[0]),)
        lanes: dict[tuple[str, str], list[tuple[int, Command]]] = {}
        for place, command in enumerate(acceptable):
            lanes.setdefault((command.service, command.external_id), []).append((place, command))
        receipts: dict[int, Receipt] = {}
        troubles = await asyncio.gather(*(self._append_all(lane, receipts) for lane in lanes.values()))
        for trouble in sorted(filter(None, troubles), key=_is_lasting):
            raise trouble
        return tuple(receipts[place] for place in range(len(commands)))

    async def _append_all(
        self, commands: Sequence[tuple[int, Command]], receipts: dict[int, Receipt]
    ) -> BridgeError | None:
        """Append one lane's commands in order, note their receipts, and return what was in the way."""
        conflict = None
        for place, command in commands:
            try:
                receipts[place] = await self._append(command)
            except (KeyConflict, Overtaken) as error:
                # It never will be accepted, so the others need not wait for it.
                conflict = conflict or error
            except (LaneFull, StoreUnavailable) as error:
                # It will come again, and what follows must not overtake it.
                return error
        return conflict

    async def _append(self, command: Command) -> Receipt:
        began = perf_counter()
        appended = await self._store.append(command, receipt_id=self._ids(), now=self._clock())
        self._tell(command, appended.receipt, began)
        if appended.ring:
            self._ring(command)
        return appended.receipt

    def _acceptable(self, command: Command) -> Command:
        """Return the command as the API will take it, its user data within the budget."""
        service = self._services.get(command.service)
        if service is None:
            known = ", ".join(sorted(self._services)) or "none"
            raise UnknownService(f"no service {command.service!r} is configured; there is: {known}")
        return within_rules(command, limit=service.user_data_bytes - MARKS_BYTES)

    async def keep(self, letter: Unreadable) -> None:
        """See `worker.ports.Door.keep`."""
        await self._store.keep(letter)

    async def preserve(self, channel: str, content: bytes) -> None:
        """See `worker.ports.Door.preserve`."""
        if self._blobs is not None:
            await self._blobs.put(BlobName.of(channel, content), content)

    async def bind(
        self, service: str, channel: str, names: Sequence[str], *, mark: str, default: str, window: timedelta
    ) -> str:
        """See `worker.ports.Door.bind`."""
        return await self._store.bind(
            service, channel, names, mark=mark, default=default, window=window, now=self._clock()
        )

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, at: datetime, window: timedelta
    ) -> int:
        """See `worker.ports.Door.recur`."""
        # What another server's clock puts into the future would make us forget all that came before.
        now = min(at, self._clock())
        return await self._store.recur(service, channel, name, member, window=window, now=now)

    async def note(self, note: Note) -> None:
        """See `worker.ports.Door.note`."""
        await self._store.note(note)

    async def tally(self, service: str, counter: str) -> None:
        """See `worker.ports.Door.tally`."""
        self._counts[service, counter] += 1
        self._write_soon()

    def remember(self, arrival: Arrival) -> None:
        """See `worker.ports.Door.remember`."""
        self._arrivals[arrival.channel].append(arrival)
        self._write_soon()

    def tell(self, event: Event) -> None:
        """See `worker.ports.Door.tell`."""
        self._listen(event)

    async def settle(self) -> None:
        """Return when every ring under way has been sent and every count was written, if that can be done."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait([self._counting])
        await self._write_counts()
        await self._write_arrivals()
        if self._ringing:
            await asyncio.wait(self._ringing)

    def _write_soon(self) -> None:
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count_soon())

    async def _count_soon(self) -> None:
        while self._counts or self._arrivals:
            await asyncio.sleep(COUNTED_EVERY_S)
            await self._write_counts()
            await self._write_arrivals()

    async def _write_arrivals(self) -> None:
        for channel in list(self._arrivals):
            # They are for people who look: what cannot be written now is not tried again.
            with contextlib.suppress(StoreUnavailable):
                await self._store.put_arrivals(channel, self._arrivals.pop(channel))

    async def _write_counts(self) -> None:
        for (service, counter), count in list(self._counts.items()):
            # Taken out first: whoever is cancelled now loses a count, and counts nothing twice.
            del self._counts[service, counter]
            try:
                await self._store.tally(service, counter, count)
            except StoreUnavailable:
                self._counts[service, counter] += count
                return

    def _ring(self, command: Command) -> None:
        """Wake a worker without letting the sender wait for it."""
        partition = partition_of(
            command.service, command.external_id, self._services[command.service].partitions
        )
        task = asyncio.create_task(self._doorbell.ring(partition))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    def _tell(self, command: Command, receipt: Receipt, began: float) -> None:
        fact = CommandRepeated if receipt.duplicate else CommandAccepted
        self._listen(
            fact(
                service=command.service,
                channel=command.channel,
                external_id=command.external_id,
                kind=command.kind,
                sequence=receipt.sequence,
                receipt_id=receipt.id,
                trace_id=command.trace_id,
                elapsed_ms=(perf_counter() - began) * 1000,
            )
        )


def _is_lasting(trouble: BridgeError) -> bool:
    """Say whether coming again is of no use."""
    return isinstance(trouble, KeyConflict | Overtaken)
