"""Intake: where every door ends. Accepted is said only after the store accepted."""

import asyncio
from collections.abc import Mapping, Sequence

from worker.budget import MARKS_BYTES
from worker.commands import Command
from worker.errors import StoreUnavailable, UnknownService
from worker.events import CommandAccepted, CommandRepeated
from worker.lanes import Appended, Receipt, partition_of
from worker.letters import Unreadable
from worker.ports import Clock, Doorbell, Ids, Listener, Store
from worker.settings import ServiceSettings
from worker.userdata import within_rules


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
    ) -> None:
        self._store = store
        self._doorbell = doorbell
        self._services = services
        self._clock = clock
        self._ids = ids
        self._listen = listen
        self._ringing: set[asyncio.Task[bool]] = set()

    async def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """See `worker.ports.Door.submit`."""
        acceptable = [self._acceptable(command) for command in commands]
        receipts = []
        for command in acceptable:
            appended = await self._store.append(command, receipt_id=self._ids(), now=self._clock())
            self._tell(command, appended.receipt)
            self._ring(command, appended)
            receipts.append(appended.receipt)
        return tuple(receipts)

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

    async def tally(self, service: str, counter: str) -> None:
        """See `worker.ports.Door.tally`."""
        try:
            await self._store.tally(service, counter)
        except StoreUnavailable:
            return  # a count is not a promise; the log line stands

    async def settle_rings(self) -> None:
        """Return when every ring under way has been sent."""
        if self._ringing:
            await asyncio.wait(self._ringing)

    def _ring(self, command: Command, appended: Appended) -> None:
        """Wake a worker without letting the sender wait for it."""
        if not appended.ring:
            return
        partition = partition_of(
            command.service, command.external_id, self._services[command.service].partitions
        )
        task = asyncio.create_task(self._doorbell.ring(partition))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    def _tell(self, command: Command, receipt: Receipt) -> None:
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
            )
        )
