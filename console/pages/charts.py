"""Charts: counts over time as shapes of an SVG. Pure; a template draws them, a style sheet colours them.

Nothing in a drawing carries a style of its own: the console's policy would not let a browser apply it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: The size of the drawing in its own units; the page stretches it.
WIDTH: Final = 600
HEIGHT: Final = 120
#: The share of a slot that its bar fills.
_FILLED: Final = 0.62
_NICE: Final = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Series:
    """One thing that was counted."""

    #: What it is, as it is written beside the drawing; also the name of its style.
    word: str
    #: How many in each slot, the present one last.
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Slot:
    """One stretch of time: all its bars, and what is said of it."""

    x: float
    width: float
    told: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: bars for what came in and failed, a line for what was delivered."""

    #: What the largest value is measured against; at least 1.
    top: int
    bars: tuple[Bar, ...]
    line: str
    failures: tuple[Bar, ...]
    slots: tuple[Slot, ...]
    #: What a person who cannot see it is told.
    told: str


def chart(came: Series, delivered: Series, failed: Series, *, moments: Sequence[str]) -> Chart:
    """Return the drawing of three series of the same length; `moments` says when each slot is."""
    top = nice(max(*came.values, *delivered.values, *failed.values, 1))
    step = WIDTH / len(moments)
    return Chart(
        top=top,
        bars=_bars(came.values, top, step),
        line=_line(delivered.values, top, step),
        failures=_bars(failed.values, top, step),
        slots=tuple(
            Slot(round(place * step, 1), round(step, 1), _told(moment, place, (came, delivered, failed)))
            for place, moment in enumerate(moments)
        ),
        told=", ".join(f"{each.word} {each.total}" for each in (came, delivered, failed)),
    )


def nice(value: int) -> int:
    """Return the smallest round number that is not smaller, such as 1, 2, 5, 10, 20."""
    scale = 1
    while True:
        for step in _NICE:
            if step * scale >= value:
                return step * scale
        scale *= 10


def _bars(values: Sequence[int], top: int, step: float) -> tuple[Bar, ...]:
    inset = step * (1 - _FILLED) / 2
    return tuple(
        Bar(
            round(place * step + inset, 1),
            round(HEIGHT - _height(value, top), 1),
            round(step * _FILLED, 1),
            round(_height(value, top), 1),
        )
        for place, value in enumerate(values)
        if value
    )


def _line(values: Sequence[int], top: int, step: float) -> str:
    points = (
        f"{(place + 0.5) * step:.1f},{HEIGHT - _height(value, top):.1f}" for place, value in enumerate(values)
    )
    return " ".join(points)


def _height(value: int, top: int) -> float:
    """Return how high a value stands; what is there at all can be seen."""
    return max(value / top * HEIGHT, 1.5) if value else 0.0


def _told(moment: str, place: int, series: Sequence[Series]) -> str:
    return f"{moment}: " + ", ".join(f"{each.word} {each.values[place]}" for each in series)
