"""Paused and held channels: stopped and let go by hand, and known to every process within a second or so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import structlog
from rich.text import Text

from bridge.gates import ring
from bridge.reason import require_reason
from bridge.screen import Screen
from bridge.session import session
from bridge.sheet import command
from worker.drain import holds
from worker.errors import BridgeError, StoreUnavailable
from worker.ports import Pauses
from worker.settings import client_channel
from worker.wiring import Bridge

_log: Any = structlog.get_logger()

#: After how long every worker knows that a channel was let go.
HEARD_AFTER_S: Final = 2 * holds.LOOK_EVERY_S
#: How often an intake process looks which channels are paused.
LOOK_EVERY_S: Final = 1.0


class UnknownChannel(BridgeError):
    """No such channel is configured."""


async def pause(channel: str, screen: Screen, *, reason: str, hold: bool = False) -> None:
    """Let nothing in by a channel, or `hold` what comes in. For entry points only. Raises BridgeError."""
    reason = require_reason(reason, what="it is held" if hold else "it is paused")
    async with session() as bridge:
        _require(bridge, channel, *(map(client_channel, bridge.settings.clients) if hold else ()))
        await (bridge.store.hold_channel if hold else bridge.store.pause_channel)(channel, reason=reason)
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
        paused, held = await bridge.store.paused_channels(), await bridge.store.held_channels()
        if channel not in paused and channel not in held:
            _require(bridge, channel)
        await bridge.store.resume_channel(channel)
        await bridge.store.release_channel(channel)
        if channel in held:
            await _wake(bridge, channel)
    before = [
        f"it was {how} because: {each[channel]}"
        for how, each in (("paused", paused), ("held", held))
        if channel in each
    ]
    screen.out.print(Text(f"{channel} is open; {'; '.join(before) or 'it was not paused'}"))
    was = {how: each.get(channel) for how, each in (("paused", paused), ("held", held))}
    screen.tell({"channel": channel, "paused": False, "was": was["paused"] or was["held"]})


async def _wake(bridge: Bridge, channel: str) -> None:
    """Make due what waited for a channel: whatever waits in its service, as `bridge retry-now` does."""
    # Until then a worker may not have heard of it, and would leave the lane alone for another while.
    await asyncio.sleep(HEARD_AFTER_S)
    settings = bridge.settings.channels.get(channel)
    for service in (settings.service,) if settings else bridge.settings.services:
        await bridge.store.hasten(service, now=bridge.clock())
        await ring(bridge, service)


def _require(bridge: Bridge, channel: str, *more: str) -> None:
    channels = {*bridge.settings.channels, *more}
    if channel not in channels:
        known = ", ".join(sorted(channels)) or "none"
        raise UnknownChannel(f"no channel {channel!r} is configured; there is: {known}")


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
