"""The round: many dead letters, one after the other, at a steady rate, until done or stopped."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from worker.errors import BridgeError
from worker.letters import LetterHead

#: Waits for the next letter's turn, and says whether it may come.
Proceed = Callable[[], Awaitable[bool]]
#: Hears that one more letter is done.
Advance = Callable[[], None]


class Fate(StrEnum):
    """What became of a letter."""

    DONE = "done"  #: what was asked for
    GONE = "gone"  #: somebody was faster: it is no dead letter any more
    KEPT = "kept"  #: it could not be done; the letter stays


@dataclass(frozen=True, slots=True)
class Happened:
    """What became of one letter, and why or as what."""

    letter: LetterHead
    fate: Fate
    text: str = ""


@dataclass(slots=True)
class Round:
    """How far a round came."""

    #: How many letters there were to do.
    total: int
    happened: list[Happened] = field(default_factory=list)
    #: What ended it before its time, None when nothing did.
    broken: BridgeError | None = None

    @property
    def summary(self) -> str:
        """What became of the letters, in one sentence without anything of theirs."""
        counts = Counter(each.fate for each in self.happened)
        told = ", ".join(f"{fate}: {count}" for fate, count in sorted(counts.items())) or "none"
        return f"{told} of {self.total}" + (f"; ended by: {self.broken}" if self.broken else "")

    @property
    def complete(self) -> bool:
        """Whether every letter is done or gone."""
        kept = any(each.fate is Fate.KEPT for each in self.happened)
        return not kept and len(self.happened) == self.total


async def go(
    letters: Sequence[LetterHead],
    act: Callable[[LetterHead], Awaitable[Happened]],
    *,
    proceed: Proceed,
    advance: Advance,
) -> Round:
    """Do one letter after the other while `proceed` says so, which it is asked before each."""
    done = Round(len(letters))
    for letter in letters:
        if not await proceed():
            break
        try:
            done.happened.append(await act(letter))
        except BridgeError as error:
            done.broken = error
            break
        advance()
    return done


def pace(stop: asyncio.Event, rate: float) -> Proceed:
    """Return what waits for the next letter's turn, and says whether it may come."""
    loop = asyncio.get_running_loop()
    turn = loop.time()

    async def proceed() -> bool:
        nonlocal turn
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(turn):
                await stop.wait()
        turn = max(turn, loop.time()) + 1 / rate
        return not stop.is_set()

    return proceed
