"""The recorder: no act without a line that says who did it, written before it is done."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog

from console.people import NotAllowed, Person, Role, require
from worker.access_ports import Deeds
from worker.deeds import DONE, REFUSED, Deed
from worker.errors import BridgeError
from worker.ports import Clock, Ids

_log: Any = structlog.get_logger()

_TARGET: Final = 600
_DETAIL: Final = 2000


class Record:
    """The line about one act, while it is being done."""

    def __init__(self) -> None:
        #: What came of it.
        self.outcome = DONE


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes the audit log."""

    deeds: Deeds
    clock: Clock
    ids: Ids
    retention: timedelta

    @contextlib.asynccontextmanager
    async def doing(
        self, person: Person, action: str, target: str, *, role: Role, detail: str = ""
    ) -> AsyncIterator[Record]:
        """Record an act before it is done, and what came of it afterwards.

        Raises NotAllowed, which is recorded too, or StoreUnavailable: what cannot be recorded is not done.
        """
        await self.refuse(person, action, target, role=role, detail=detail)
        deed = self._deed(person, action, target, detail)
        await self._write(deed)
        record = Record()
        try:
            yield record
        except BaseException as error:
            why = str(error) if isinstance(error, BridgeError) else type(error).__name__
            record.outcome = f"failed: {why}"
            with contextlib.suppress(BridgeError):
                await self._end(deed, record)
            raise
        await self._end(deed, record)

    async def refuse(self, person: Person, action: str, target: str, *, role: Role, detail: str = "") -> None:
        """Raise NotAllowed where a role does not reach for an act, and record the attempt."""
        try:
            require(person, role, what=action)
        except NotAllowed:
            deed = self._deed(person, action, target, detail)
            await self._write(deed.model_copy(update={"outcome": REFUSED}))
            raise

    async def note(self, person: Person, action: str, target: str = "", *, detail: str = "") -> None:
        """Record what is done in the same moment, such as a log-in. Raises StoreUnavailable."""
        deed = self._deed(person, action, target, detail)
        await self._write(deed.model_copy(update={"outcome": DONE}))

    def _deed(self, person: Person, action: str, target: str, detail: str) -> Deed:
        return Deed(
            id=self.ids(),
            at=self.clock(),
            person=person.name[:200],
            role=person.role.label,
            how=person.how,
            action=action,
            target=target[:_TARGET],
            detail=detail[:_DETAIL],
        )

    async def _end(self, deed: Deed, record: Record) -> None:
        await self._write(deed.model_copy(update={"outcome": record.outcome[:_DETAIL]}))

    async def _write(self, deed: Deed) -> None:
        _log.info("deed", **deed.model_dump(exclude={"at", "id"}))
        await self.deeds.record_deed(deed, retention=self.retention)
