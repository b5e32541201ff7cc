"""Paused channels in Redis: one hash for all, because a channel belongs to no partition."""

from collections.abc import Mapping
from typing import Final

from worker.store.link import Linked

#: Hash: paused channel → the reason.
KEY: Final = "bridge:{channels}:paused"


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
        paused = await self._link.ask(self._link.redis.hgetall(KEY))
        return {channel.decode(): reason.decode() for channel, reason in paused.items()}


class MemoryPauses:
    """The same in memory."""

    def __init__(self) -> None:
        self._paused: dict[str, str] = {}

    async def pause_channel(self, channel: str, *, reason: str) -> None:
        """See `worker.ports.Pauses.pause_channel`."""
        self._paused[channel] = reason

    async def resume_channel(self, channel: str) -> None:
        """See `worker.ports.Pauses.resume_channel`."""
        self._paused.pop(channel, None)

    async def paused_channels(self) -> Mapping[str, str]:
        """See `worker.ports.Pauses.paused_channels`."""
        return dict(self._paused)
