"""Health: how a process tells whether it is well. Asked from threads, answered by its event loop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from typing import Any, Final

from worker.errors import BridgeError

#: Says what is the matter, empty when nothing is.
Complaint = Callable[[], str]
#: How long a loop may take to come round, and then the store to answer.
_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Health:
    """What is asked of a process."""

    #: Whether it should be started again.
    live: Complaint
    #: Whether it can do its work now.
    ready: Complaint


def loop_health(
    loop: asyncio.AbstractEventLoop,
    ping: Callable[[], Awaitable[None]],
    *,
    leaving: Callable[[], bool] = bool,
    patience_s: float = _PATIENCE_S,
) -> Health:
    """Return the health of a process whose work is done on an event loop.

    It lives while its loop comes round, and is ready while `ping` returns and it is not on its way out.
    """

    def live() -> str:
        return _ask(loop, _nothing(), "the event loop does not come round", patience_s)

    def ready() -> str:
        if leaving():
            return "the process is on its way out"
        return live() or _ask(loop, _await(ping), "the store does not answer", patience_s)

    return Health(live, ready)


class Pulse:
    """The health of a process that does something again and again: it lives while it did so lately."""

    def __init__(self, patience_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._patience_s = patience_s
        self._now = now
        self._last = now()
        self._began = False

    def beat(self) -> None:
        """Note that it was done."""
        self._last, self._began = self._now(), True

    def live(self) -> str:
        """See `Health.live`."""
        silent_s = self._now() - self._last
        return f"nothing was sent for {silent_s:.0f} s" if silent_s > self._patience_s else ""

    def ready(self) -> str:
        """See `Health.ready`."""
        return self.live() if self._began else "nothing was sent yet"


async def _nothing() -> None:
    pass


async def _await(ping: Callable[[], Awaitable[None]]) -> None:
    await ping()


def _ask(
    loop: asyncio.AbstractEventLoop, question: Coroutine[Any, Any, None], complaint: str, patience_s: float
) -> str:
    try:
        asked = asyncio.run_coroutine_threadsafe(question, loop)
    except RuntimeError:  # the loop is closed
        question.close()
        return complaint
    try:
        asked.result(patience_s)
    except (Late, BridgeError):
        asked.cancel()
        return complaint
    return ""
