"""The loop: one event loop in a thread of its own, for processes whose main business is not asyncio."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import uvloop

T = TypeVar("T")

#: How often, and how many seconds apart, what was begun is told to end before it is abandoned.
_CALMED_TIMES: Final = 50
_CALMED_EVERY_S: Final = 0.1


class LoopThread:
    """Runs coroutines for any thread of the process."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._begun: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bridge-loop", daemon=True)
        self._thread.start()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop itself, for whoever asks it from another thread without waiting for ever."""
        return self._loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and return what it returns, or raise what it raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let a coroutine run on the loop, until it ends or `calm` ends it."""
        self._loop.call_soon_threadsafe(self._begin, work)

    def calm(self) -> None:
        """Cancel what was begun, and return when it has ended; after some seconds it is abandoned."""
        self.run(self._calm())

    def close(self) -> None:
        """End the loop; what still runs is abandoned."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)

    async def _calm(self) -> None:
        # more than once: a client that is interrupted in mid-call may take it for a fault of the connection
        for _ in range(_CALMED_TIMES):
            begun = set(self._begun)
            if not begun:
                return
            for task in begun:
                task.cancel()
            await asyncio.wait(begun, timeout=_CALMED_EVERY_S)
