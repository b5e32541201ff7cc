"""Progress: a bar for what takes long, on a terminal only; nothing of it reaches what a script reads."""

import contextlib
from collections.abc import Callable, Iterator

from rich import progress as bars

from bridge.screen import Screen

#: Notes that so many more are done.
Advance = Callable[[int], None]


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
