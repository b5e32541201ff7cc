"""Paused and held channels in Redis: one hash each for all, because a channel belongs to no partition."""

from collections.abc import Mapping
from typing import Final

from worker.store.link import Linked

#: Hash: paused channel → the reason.
KEY: Final = "bridge:{channels}:paused"
#: Hash: held channel → the reason.
HELD: Final = "bridge:{channels}:held"


class RedisPauses(Linked):
    """Implements `worker.ports.Pauses`."""

    async def pause_channel(self, channel: str, *, reason: str) -> None:
        """See `worker.ports.Pauses.pause_channel`."""
        await self._link.ask(self._link.redis.hset(KEY, channel, reason))

    async def resume_channel(self, channel: str) -> None:
        """See `worker.ports.Pauses.resume_channel`."""
        await self._link.ask(self._link.redis.hdel(KEY, channel))

    async def paused_channels(self) -> Mapping[str, str]:
        """See `worker.ports.Pauses.paused_channels`."""
        return await self._reasons(KEY)

    async def hold_channel(self, channel: str, *, reason: str) -> None:
        """See `worker.ports.Pauses.hold_channel`."""
        await self._link.ask(self._link.redis.hset(HELD, channel, reason))

    async def release_channel(self, channel: str) -> None:
        """See `worker.ports.Pauses.release_channel`."""
        await self._link.ask(self._link.redis.hdel(HELD, channel))

    async def held_channels(self) -> Mapping[str, str]:
        """See `worker.ports.Pauses.held_channels`."""
        return await self._reasons(HELD)

    async def _reasons(self, key: str) -> Mapping[str, str]:
        stored = await self._link.ask(self._link.redis.hgetall(key))
        return {channel.decode(): reason.decode() for channel, reason in stored.items()}


class MemoryPauses:
    """The same in memory."""

    def __init__(self) -> None:
        self._paused: dict[str, str] = {}
        self._holds: dict[str, str] = {}

    async def pause_channel(self, channel: str, *, reason: str) -> None:
        """See `worker.ports.Pauses.pause_channel`."""
        self._paused[channel] = reason

    async def resume_channel(self, channel: str) -> None:
        """See `worker.ports.Pauses.resume_channel`."""
        self._paused.pop(channel, None)

    async def paused_channels(self) -> Mapping[str, str]:
        """See `worker.ports.Pauses.paused_channels`."""
        return dict(self._paused)

    async def hold_channel(self, channel: str, *, reason: str) -> None:
        """See `worker.ports.Pauses.hold_channel`."""
        self._holds[channel] = reason

    async def release_channel(self, channel: str) -> None:
        """See `worker.ports.Pauses.release_channel`."""
        self._holds.pop(channel, None)

    async def held_channels(self) -> Mapping[str, str]:
        """See `worker.ports.Pauses.held_channels`."""
        return dict(self._holds)
