"""A loop whose time is counted, not measured: it jumps to the next timer as soon as nothing is left to do.

What runs on it takes no time, so only waiting shows, and the same on every machine. Nothing on it may wait
for a socket or a thread.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Passes the time that it is asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.passed_s += timeout or 0.0
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, jump: _Jump) -> None:
        self._jump = jump
        super().__init__(jump)

    def time(self) -> float:
        return self._jump.passed_s


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time and return what it returns."""
    with asyncio.Runner(loop_factory=lambda: _Loop(_Jump())) as runner:
        return runner.run(work)
