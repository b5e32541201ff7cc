"""Paused and held channels: stopped and let go by hand, and known to every process within a second or so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import structlog
from rich.text import Text

from bridge.operator import operator
from bridge.screen import Screen
from bridge.session import session
from console.actions import Actions
from console.shell import command
from worker.errors import StoreUnavailable
from worker.ports import Pauses

_log: Any = structlog.get_logger()

#: How often an intake process looks which channels are paused.
LOOK_EVERY_S: Final = 1.0


async def pause(channel: str, screen: Screen, *, reason: str, hold: bool = False) -> None:
    """Let nothing in by a channel, or `hold` what comes in. For entry points only. Raises BridgeError."""
    async with session() as bridge:
        await Actions(bridge).pause_channel(operator(), channel, reason=reason, hold=hold)
    lift = command("channel", "resume", channel)
    screen.out.print(
        Text(
            f"{channel} is held: what it brings is accepted, and within a second or two none of it is "
            f"delivered any more. {lift} lets it go"
            if hold
            else f"{channel} is paused: within a second or two its senders are told to come again later, and "
            f"nothing of theirs is kept. {lift} lets them in again"
        )
    )
    screen.tell({"channel": channel, "paused": True, "because": reason})


async def resume(channel: str, screen: Screen) -> None:
    """Lift a channel's pause and its hold. For entry points only. Raises BridgeError."""
    async with session() as bridge:
        stops = await Actions(bridge).resume_channel(operator(), channel)
    screen.out.print(Text(f"{channel} is open; {stops.told}"))
    screen.tell({"channel": channel, "paused": False, "was": stops.reason})


class PauseWatch:
    """What an intake process knows of paused channels."""

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses
        self._paused: Mapping[str, str] = {}

    def is_paused(self, channel: str) -> bool:
        """Say whether a channel was paused when somebody looked last."""
        return channel in self._paused

    async def look(self) -> None:
        """Learn which channels are paused; while the store is away, what was known stays true."""
        with contextlib.suppress(StoreUnavailable):
            paused = await self._pauses.paused_channels()
            for channel in paused.keys() ^ self._paused.keys():
                event = "channel_paused" if channel in paused else "channel_resumed"
                _log.warning(event, channel=channel, reason=paused.get(channel, ""))
            self._paused = paused

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look now, and once a second from then on."""
        await self.look()
        task = asyncio.create_task(self._keep_looking())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()
