"""Spans: the stretches of time over which the console tells what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.pages.charts import Chart, Series, chart
from worker.pace import Counted, Pace, Span


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, cut into slots."""

    #: How it is named in an address.
    name: str
    #: How it is named on screen.
    label: str
    span: Span
    length: int
    #: What one slot is called.
    unit: str

    def moments(self) -> Sequence[str]:
        """Return what each slot is called, the present one last."""
        back = range(self.length - 1, 0, -1)
        return [*(f"{count} {self.unit} ago" for count in back), "now" if self.unit != "d" else "today"]


#: The first one is shown when nobody asks for another.
STRETCHES: Final = (
    Stretch("15m", "15 min", Span.MINUTE, 15, "min"),
    Stretch("24h", "24 h", Span.HOUR, 24, "h"),
    Stretch("7d", "7 days", Span.DAY, 7, "d"),
)


def stretch_named(name: str) -> Stretch:
    """Return the stretch of this name, or the first one."""
    return next((each for each in STRETCHES if each.name == name), STRETCHES[0])


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened within a stretch."""

    came: int
    delivered: int
    #: Tries that did not settle their command.
    failed: int
    dead: int
    chart: Chart


def counts(pace: Pace, stretch: Stretch, now: datetime) -> Counts:
    """Return what a pace says of a stretch."""

    def series(what: Counted) -> tuple[int, ...]:
        return pace.series(what, stretch.span, stretch.length, now)

    came, delivered = series(Counted.ACCEPTED), series(Counted.DELIVERED)
    failed, dead = series(Counted.FAILED), series(Counted.DEAD)
    drawing = chart(
        Series("came in", came),
        Series("delivered", delivered),
        Series("failed", failed),
        moments=stretch.moments(),
    )
    return Counts(sum(came), sum(delivered), sum(failed), sum(dead), drawing)
