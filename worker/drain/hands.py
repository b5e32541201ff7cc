"""Hands: the calls that a crew may make at once, and whose turn it is.

A lane needs a hand for its calls and for nothing else: while the store writes down what came of it, the hand
makes the next lane's call. Belongs to one event loop.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType


class Hands:
    """A crew's hands; lanes that wait get one in the order in which they came."""

    def __init__(self, count: int, *, freed: Callable[[], None]) -> None:
        """`freed` is called whenever a lane needs its hand no longer."""
        self._turns = asyncio.Semaphore(count)
        self._freed = freed
        #: How many hands no lane has or waits for; below zero, so many lanes wait.
        self.free = count
        #: How often a lane was done with its hand.
        self.freed = 0

    def want(self) -> None:
        """One more lane needs a hand, now or later."""
        self.free -= 1

    def unwant(self) -> None:
        """One lane needs its hand no longer."""
        self.free += 1
        self.freed += 1
        self._freed()

    async def take(self) -> bool:
        """Return with a hand, and whether it had to be waited for."""
        waits = self._turns.locked()
        await self._turns.acquire()
        return waits

    def give(self) -> None:
        """Let the next lane have the hand."""
        self._turns.release()


class Hand:
    """One lane's need for a hand, from its claim on; within `async with` the hand is its own.

    Entering says whether the hand had to be waited for.
    """

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._wanted = False
        self.want()

    def want(self) -> None:
        """Need a hand."""
        if not self._wanted:
            self._wanted = True
            self._hands.want()

    def drop(self) -> None:
        """Need none."""
        if self._wanted:
            self._wanted = False
            self._hands.unwant()

    async def __aenter__(self) -> bool:
        self.want()
        return await self._hands.take()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hands.give()
        self.drop()
