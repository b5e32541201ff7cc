"""Progress: how far something is that takes long. Nothing of it reaches the output that scripts read."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Final

from rich import progress as bars

from bridge.screen import Screen

#: Notes that so many more are done.
Advance = Callable[[int], None]
#: Notes that so many are done, of about so many, and what there is to say of them.
Reach = Callable[[int, int, str], None]
#: How often a line is written where nobody watches a bar.
_LINE_EVERY_S: Final = 10.0


@contextlib.contextmanager
def progress(screen: Screen, doing: str, total: int | None = None) -> Iterator[Advance]:
    """Show how far something is, or how much of it is done where nobody knows the end."""
    if not screen.err.is_terminal:
        yield _nobody_watches
        return
    count = bars.MofNCompleteColumn() if total is not None else bars.TextColumn("{task.completed:,.0f}")
    doing_what = (bars.SpinnerColumn(), bars.TextColumn("{task.description}"))
    how_far = (bars.BarColumn(), count) if total is not None else (count,)
    columns = (*doing_what, *how_far, bars.TimeElapsedColumn())
    with bars.Progress(*columns, console=screen.err, transient=True) as shown:
        task = shown.add_task(doing, total=total)
        yield lambda more: shown.advance(task, more)


def _nobody_watches(_more: int) -> None:
    pass


@contextlib.contextmanager
def reaching(screen: Screen, doing: str, clock: Callable[[], float] = time.monotonic) -> Iterator[Reach]:
    """Show how far something is whose end becomes known on the way: a bar, or a line every ten seconds."""
    if not screen.err.is_terminal:
        yield _Lines(screen, doing, clock).reach
        return
    note = bars.TextColumn("{task.fields[note]}")
    columns = (bars.SpinnerColumn(), bars.TextColumn("{task.description}"), bars.BarColumn())
    with bars.Progress(
        *columns,
        bars.MofNCompleteColumn(),
        note,
        bars.TimeElapsedColumn(),
        console=screen.err,
        transient=True,
    ) as shown:
        task = shown.add_task(doing, total=None, note="")
        yield lambda done, total, said: shown.update(task, completed=done, total=total, note=said)


class _Lines:
    """Says now and then in a line how far it is, for a log that somebody reads."""

    def __init__(self, screen: Screen, doing: str, clock: Callable[[], float]) -> None:
        self._screen = screen
        self._doing = doing
        self._clock = clock
        self._said_at = clock()

    def reach(self, done: int, total: int, said: str) -> None:
        """Write a line, unless one was written lately."""
        if self._clock() - self._said_at >= _LINE_EVERY_S:
            self._said_at = self._clock()
            self._screen.say(f"{self._doing}: {done:,} of {total:,}, {said}")
