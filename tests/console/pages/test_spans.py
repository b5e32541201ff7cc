"""What a pace says of a quarter of an hour, a day and a week."""

from datetime import UTC, datetime

from console.pages.spans import STRETCHES, counts, stretch_named
from worker.pace import Bucket, Counted, Pace, Span

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
MINUTE = int(NOW.timestamp()) // 60


def test_each_slot_has_a_name() -> None:
    """The present one is the last."""
    quarter, day, week = STRETCHES
    assert len(quarter.moments()) == 15
    assert quarter.moments()[-2:] == ["1 min ago", "now"]
    assert day.moments()[0] == "23 h ago"
    assert week.moments() == [*(f"{back} d ago" for back in range(6, 0, -1)), "today"]


def test_an_unknown_stretch_is_the_first_one() -> None:
    """Whatever an address says, there is something to see."""
    assert stretch_named("7d").label == "7 days"
    assert stretch_named("<script>") is STRETCHES[0]


def test_counts_are_those_of_the_stretch() -> None:
    """What lies before it is left out."""
    pace = Pace(
        {
            Bucket(Span.MINUTE, MINUTE, Counted.ACCEPTED): 3,
            Bucket(Span.MINUTE, MINUTE - 14, Counted.ACCEPTED): 2,
            Bucket(Span.MINUTE, MINUTE - 15, Counted.ACCEPTED): 100,
            Bucket(Span.MINUTE, MINUTE, Counted.DELIVERED): 4,
            Bucket(Span.MINUTE, MINUTE, Counted.FAILED): 1,
            Bucket(Span.MINUTE, MINUTE - 1, Counted.DEAD): 1,
        }
    )
    found = counts(pace, STRETCHES[0], NOW)
    assert (found.came, found.delivered, found.failed, found.dead) == (5, 4, 1, 1)
    assert counts(pace, STRETCHES[1], NOW).came == 105
