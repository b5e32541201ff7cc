"""Figures: what was measured, beside its yardstick and its goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio must be: at least, or at most."""

    bound: float
    sense: Literal["at least", "at most"] = "at least"

    def met(self, value: float) -> bool:
        """Say whether a value meets it."""
        return value >= self.bound if self.sense == "at least" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. Every round holds ours and the yardstick's, taken in turn in one run."""

    what: str
    unit: str
    #: One value for each round.
    ours: tuple[float, ...]
    #: What it is held against, in words.
    against: str
    yardstick: tuple[float, ...]
    goal: Goal | None
    #: Whether the goal bounds the ratio of ours to the yardstick, or ours as it is.
    of_ratio: bool = True

    @property
    def value(self) -> float:
        """The median of ours."""
        return median(self.ours)

    @property
    def ratio(self) -> float:
        """The median of the ratios, round by round: the machine's speed drifts between rounds."""
        return median(ours / other for ours, other in zip(self.ours, self.yardstick, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.goal.met(self.ratio if self.of_ratio else self.value)


def missed(figures: Sequence[Figure]) -> list[Figure]:
    """Return the figures whose goal is missed."""
    return [figure for figure in figures if figure.met is False]
