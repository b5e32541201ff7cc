"""Waiting that ends when the sandbox shuts down, so that no fault can hold up the exit."""

import asyncio
import contextlib
from collections.abc import Awaitable


class Patience:
    """Pauses calls; `end` lets all of them go on at once."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether nobody waits any more."""
        return self._ended.is_set()

    def end(self) -> None:
        """Stop every wait, now and from now on."""
        self._ended.set()

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    async def outlast(self, event: Awaitable[None]) -> None:
        """Wait for something that may never happen."""
        waits = {asyncio.ensure_future(event), asyncio.ensure_future(self._ended.wait())}
        _, unfinished = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in unfinished:
            wait.cancel()
