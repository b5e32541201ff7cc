"""Pace: how much was done in each minute, hour and day, counted as it happened."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Counted(StrEnum):
    """What is counted."""

    ACCEPTED = "accepted"  #: commands that were taken into their lanes
    DELIVERED = "delivered"  #: commands that took effect or needed none; merged ones count one by one
    FAILED = "failed"  #: tries that called the API and did not settle their command
    DEAD = "dead"  #: commands and deliveries that became dead letters


class Span(StrEnum):
    """A stretch of time over which is counted; the n-th since 1970 has the number n - 1."""

    MINUTE = "m"
    HOUR = "h"
    DAY = "d"

    @property
    def seconds(self) -> int:
        """Its length."""
        return _SECONDS[self]


_SECONDS: Final = {Span.MINUTE: 60, Span.HOUR: 3600, Span.DAY: 24 * 3600}


@dataclass(frozen=True, slots=True)
class Bucket:
    """One count's place: which stretch of time, and what was counted."""

    span: Span
    number: int
    what: Counted


@dataclass(frozen=True, slots=True)
class Pace:
    """The counts of a partition, or of several together.

    The last minutes stand one by one, the last day in hours, the last week in days; what has moved on into a
    larger span stands only there.
    """

    counts: Mapping[Bucket, int] = field(default_factory=dict)

    @classmethod
    def together(cls, paces: Iterable["Pace"]) -> "Pace":
        """Return the sum of several."""
        counts: Counter[Bucket] = Counter()
        for each in paces:
            counts.update(each.counts)
        return cls(dict(counts))

    def series(self, what: Counted, span: Span, length: int, now: datetime) -> tuple[int, ...]:
        """Return how many there were in each of the last `length` spans, the present one last.

        Kept are 15 minutes, 24 hours and 7 days; what lies further back may be missing.
        """
        present = int(now.timestamp()) // span.seconds
        sums = Counter[int]()
        for bucket, count in self.counts.items():
            if bucket.what is what and bucket.span.seconds <= span.seconds:
                sums[bucket.number * bucket.span.seconds // span.seconds] += count
        return tuple(sums[number] for number in range(present - length + 1, present + 1))

    def per_minute(self, what: Counted, minutes: int, now: datetime) -> float:
        """Return how many there were a minute, on average over the last minutes up to this moment."""
        oldest, *later = self.series(what, Span.MINUTE, minutes + 1, now)
        # of the oldest minute, the part that still lies within; as if it had been busy evenly
        within = 1 - now.timestamp() % 60 / 60
        return (oldest * within + sum(later)) / minutes
