"""Waiting: a bounded number of callers may wait for what becomes of their commands.

The store is asked, gently: it has no way to call us, and a caller waits for seconds at most.
"""

import asyncio
from typing import Final

from connectors.hosts.commands.outcome import Outcome, outcome_of
from worker.errors import StoreUnavailable
from worker.lanes import Receipt
from worker.ports import Ledger

#: The first look comes after so many seconds, each further one later by half, up to the last figure.
_FIRST_S: Final = 0.03
_GROWTH: Final = 1.5
_LONGEST_S: Final = 0.5


class WaitingRoom:
    """Where callers wait."""

    def __init__(self, ledger: Ledger, *, seats: int) -> None:
        self._ledger = ledger
        self._free = seats

    async def look(self, service: str, external_id: str, sequence: int) -> Outcome | None:
        """Return what is known of a command at present, None when there is no such command."""
        view = await self._ledger.view(service, external_id, pending=1)
        return outcome_of(view, sequence) if view else None

    async def outcome(self, receipt: Receipt, *, seconds: float) -> Outcome | None:
        """Return what became of a command within so many seconds; None when there is no seat left.

        What is still waiting then is returned as such. A store that goes away meanwhile ends the wait: the
        command was accepted all the same.
        """
        if not self._free:
            return None
        self._free -= 1
        try:
            return await self._wait(receipt, seconds)
        except StoreUnavailable:
            return None
        finally:
            self._free += 1

    async def _wait(self, receipt: Receipt, seconds: float) -> Outcome | None:
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + seconds, _FIRST_S
        while True:
            found = await self.look(receipt.service, receipt.external_id, receipt.sequence)
            left = deadline - loop.time()
            if (found is not None and found.stands_still) or left <= 0:
                return found
            await asyncio.sleep(min(pause, left))
            pause = min(pause * _GROWTH, _LONGEST_S)
