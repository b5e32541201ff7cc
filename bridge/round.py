"""The round: many dead letters, one after the other, at a steady rate, watched at a terminal."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from bridge.progress import progress
from bridge.screen import Screen
from bridge.sheet import plain
from console.round import Advance, Fate, Happened, Proceed, Round, pace

_LISTED: Final = 20
_STOP: Final = (signal.SIGINT, signal.SIGTERM)


def report(done: Round, console: Console, *, past: str) -> None:
    """Write what became of the letters; `past` is the verb, as in `replayed`."""
    counts = Counter(each.fate for each in done.happened)
    parts = [f"{past} {counts[Fate.DONE]} of {done.total}"]
    if counts[Fate.GONE]:
        parts.append(f"gone already: {counts[Fate.GONE]}")
    if counts[Fate.KEPT]:
        parts.append(f"still dead letters: {counts[Fate.KEPT]}")
    if len(done.happened) < done.total:
        parts.append(f"stopped before the other {done.total - len(done.happened)}; again does the rest")
    console.print(Text("; ".join(parts), style="green" if done.complete else "yellow"))
    print_happened([each for each in done.happened if each.fate is Fate.KEPT], console)


def fields(done: Round) -> dict[str, Any]:
    """Return what became of the letters, for scripts."""
    counts = Counter(each.fate for each in done.happened)
    kept = {each.letter.id: each.text for each in done.happened if each.fate is Fate.KEPT}
    numbers = {fate.value: counts[fate] for fate in Fate}
    return {"total": done.total, **numbers, "complete": done.complete, "letters_kept": kept}


def print_happened(happened: Sequence[Happened], console: Console) -> None:
    """Write a line for each of the first ones."""
    for each in happened[:_LISTED]:
        console.print(Text(f"  {each.letter.id[:12]}  {plain(each.text)}"))
    if len(happened) > _LISTED:
        console.print(f"  … and {len(happened) - _LISTED} more")


@contextlib.asynccontextmanager
async def watched(
    screen: Screen, *, doing: str, total: int, rate: float
) -> AsyncIterator[tuple[Proceed, Advance]]:
    """Give what paces a round to so many letters a second, and what shows on a terminal how far it is.

    Ctrl-C ends it between two letters.
    """
    async with _stoppable() as stop:
        with progress(screen, doing, total) as advance:
            yield pace(stop, rate), lambda: advance(1)


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
