"""A time in which nobody listens: connections are refused for real, whatever they would have been for.

Under a server, the listening socket is closed. An in-process client has no connection to be refused; its
calls to the seven endpoints raise `ConnectionRefusedError` instead.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sandbox.patience import Patience


class Listener(Protocol):
    """Whatever accepts connections."""

    def refuse(self) -> None:
        """Stop listening; calls under way come to their end, then their connections close."""

    async def accept(self) -> None:
        """Listen again, at the same address."""


class Outage:
    """Begins outages, and ends each when its time is up."""

    def __init__(
        self, clock: Callable[[], datetime], patience: Patience, listener: Listener | None = None
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._listener = listener
        self._until = datetime.min.replace(tzinfo=UTC)
        self._waiting: asyncio.Task[None] | None = None

    @property
    def lasts(self) -> bool:
        """Whether it is not over yet."""
        return self._clock() < self._until

    def begin(self, seconds: float) -> None:
        """Refuse connections for so long from now; one that lasts already is at most made longer."""
        self._until = max(self._until, self._clock() + timedelta(seconds=seconds))
        if self._listener is not None and self._waiting is None:
            self._listener.refuse()
            self._waiting = asyncio.create_task(self._last(self._listener))

    def check(self) -> None:
        """Raise ConnectionRefusedError to an in-process client while it lasts."""
        if self._listener is None and self.lasts:
            raise ConnectionRefusedError("the sandbox refuses connections")

    async def _last(self, listener: Listener) -> None:
        while self.lasts and not self._patience.ended:
            await self._patience.pause((self._until - self._clock()).total_seconds())
        if not self._patience.ended:
            await listener.accept()
        self._waiting = None
