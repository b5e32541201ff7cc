"""Holds: channels whose commands are accepted, and wait in their lanes until a person lets them go."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

from worker.errors import StoreUnavailable
from worker.ports import Pauses

#: How long a process may go on without knowing of a hold, in seconds.
LOOK_EVERY_S: Final = 1.0
#: How long a lane is left alone whose head is held; whoever lets the channel go makes it due at once. Each
#: look is a line of its history, which is to outlive a weekend.
HELD_DELAY: Final = timedelta(hours=1)


async def nobody() -> Mapping[str, str]:
    """Return that no channel is held."""
    return {}


class Holds:
    """What a process knows of held channels. Asked before every delivery, it asks the store once a second."""

    def __init__(self, pauses: Pauses, *, now: Callable[[], float] = time.monotonic) -> None:
        self._pauses = pauses
        self._now = now
        self._known: Mapping[str, str] = {}
        self._until = float("-inf")

    async def __call__(self) -> Mapping[str, str]:
        """Return every held channel with the reason; while the store is away, what was known stays true."""
        if self._now() >= self._until:
            self._until = self._now() + LOOK_EVERY_S
            with suppress(StoreUnavailable):
                self._known = await self._pauses.held_channels()
        return self._known
