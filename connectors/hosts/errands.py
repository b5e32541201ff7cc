"""Errands: what the host does outside for a connector, which does no I/O itself."""

import asyncio
from typing import Any, Final

import structlog

from connectors.hosts.evidence import Fetch, FetchedEvidence
from connectors.hosts.fetch import Unfetched
from connectors.hosts.room import NoRoom
from connectors.reception import Obtained
from worker.blob import ObjectName
from worker.errors import BlobsUnavailable
from worker.mail_ports import Originals, Take

_log: Any = structlog.get_logger()

#: Seconds before each further try of a visit.
AGAIN_AFTER_S: Final = (1.0, 5.0, 30.0)
#: Visits under way at the same time.
VISITS: Final = 32


class Errands:
    """Implements `connectors.reception.Errands`. Belongs to one event loop."""

    def __init__(self, fetch: Fetch, evidence: FetchedEvidence, originals: Originals) -> None:
        self._fetch = fetch
        self._evidence = evidence
        self._originals = originals
        self._visits: set[asyncio.Task[None]] = set()

    async def obtain(self, url: str) -> Obtained:
        """See `connectors.reception.Errands.obtain`."""
        try:
            await self._evidence.obtain(url)
        except Unfetched as failure:
            _log.warning("evidence_missing", reason=str(failure))
            return Obtained.NOWHERE if failure.final else Obtained.LATER
        return Obtained.HERE

    def visit(self, url: str, channel: str) -> None:
        """See `connectors.reception.Errands.visit`."""
        if len(self._visits) >= VISITS:
            _log.warning("visit_failed", channel=channel, reason=f"{VISITS} visits are under way")
            return
        task = asyncio.create_task(self._visit(url, channel))
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    async def bring(self, channel: str, name: ObjectName, take: Take) -> bytes:
        """See `connectors.reception.Errands.bring`."""
        try:
            return await self._originals.fetch(channel, name, take=take)
        except NoRoom as error:
            raise BlobsUnavailable(f"{name} finds no room among what is under way") from error

    async def aclose(self) -> None:
        """Give up the visits under way."""
        for task in self._visits:
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visit(self, url: str, channel: str) -> None:
        for delay_s in (0.0, *AGAIN_AFTER_S):
            await asyncio.sleep(delay_s)
            try:
                await self._fetch.get(url)
            except Unfetched as failure:
                _log.warning("visit_failed", channel=channel, reason=str(failure))
                if failure.final:
                    return
            else:
                _log.info("visit_made", channel=channel)
                return
