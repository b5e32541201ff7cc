"""The pulse: a worker process says again and again that it is there, so that people can see how many are."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from worker.errors import StoreUnavailable
from worker.ports import Clock
from worker.search_ports import Pulses

#: How often.
EVERY_S: Final = 10.0


async def beat(
    pulses: Pulses, process: str, *, clock: Clock, sleep: Callable[[float], Awaitable[None]]
) -> NoReturn:
    """Say that a process is there until this is cancelled; what cannot be said now is said the next time."""
    while True:
        with contextlib.suppress(StoreUnavailable):
            await pulses.sign(process, now=clock())
        await sleep(EVERY_S)
