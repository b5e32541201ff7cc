"""The round: many dead letters, one after the other, at a steady rate, until all are done or Ctrl-C."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from bridge.progress import progress
from bridge.screen import Screen
from bridge.sheet import plain
from worker.errors import BridgeError
from worker.letters import LetterHead

_LISTED: Final = 20
_STOP: Final = (signal.SIGINT, signal.SIGTERM)


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
    def complete(self) -> bool:
        """Whether every letter is done or gone."""
        kept = any(each.fate is Fate.KEPT for each in self.happened)
        return not kept and len(self.happened) == self.total

    def report(self, console: Console, *, past: str) -> None:
        """Write what became of the letters; `past` is the verb, as in `replayed`."""
        counts = Counter(each.fate for each in self.happened)
        parts = [f"{past} {counts[Fate.DONE]} of {self.total}"]
        if counts[Fate.GONE]:
            parts.append(f"gone already: {counts[Fate.GONE]}")
        if counts[Fate.KEPT]:
            parts.append(f"still dead letters: {counts[Fate.KEPT]}")
        if len(self.happened) < self.total:
            parts.append(f"stopped before the other {self.total - len(self.happened)}; again does the rest")
        console.print(Text("; ".join(parts), style="green" if self.complete else "yellow"))
        print_happened([each for each in self.happened if each.fate is Fate.KEPT], console)

    def fields(self) -> dict[str, Any]:
        """Return what became of the letters, for scripts."""
        counts = Counter(each.fate for each in self.happened)
        kept = {each.letter.id: each.text for each in self.happened if each.fate is Fate.KEPT}
        numbers = {fate.value: counts[fate] for fate in Fate}
        return {"total": self.total, **numbers, "complete": self.complete, "letters_kept": kept}


def print_happened(happened: Sequence[Happened], console: Console) -> None:
    """Write a line for each of the first ones."""
    for each in happened[:_LISTED]:
        console.print(Text(f"  {each.letter.id[:12]}  {plain(each.text)}"))
    if len(happened) > _LISTED:
        console.print(f"  … and {len(happened) - _LISTED} more")


async def go(
    letters: Sequence[LetterHead],
    act: Callable[[LetterHead], Awaitable[Happened]],
    *,
    proceed: Callable[[], Awaitable[bool]],
    advance: Callable[[], None],
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


async def go_watched(
    letters: Sequence[LetterHead],
    act: Callable[[LetterHead], Awaitable[Happened]],
    screen: Screen,
    *,
    doing: str,
    rate: float,
) -> Round:
    """Do them so many a second; a bar shows it on a terminal, and Ctrl-C ends it between two letters."""
    async with _stoppable() as stop:
        with progress(screen, doing, len(letters)) as advance:
            return await go(letters, act, proceed=_pace(stop, rate), advance=lambda: advance(1))


def _pace(stop: asyncio.Event, rate: float) -> Callable[[], Awaitable[bool]]:
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


@contextlib.asynccontextmanager
async def _stoppable() -> AsyncIterator[asyncio.Event]:
    """Turn a signal into an event, so that nothing is cut in two."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in _STOP:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in _STOP:
            loop.remove_signal_handler(number)
