"""The pace is read over any stretch of time, whichever span its counts stand in by now."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.pace import Bucket, Counted, Pace, Span

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def bucket(span: Span, back: int, what: Counted = Counted.ACCEPTED) -> Bucket:
    """Return the place of a count so many spans ago."""
    return Bucket(span, int(NOW.timestamp()) // span.seconds - back, what)


def test_a_series_ends_with_the_present_span() -> None:
    """The oldest first, nothing where nothing happened, and each thing by itself."""
    pace = Pace(
        {
            bucket(Span.MINUTE, 0): 3,
            bucket(Span.MINUTE, 2): 5,
            bucket(Span.MINUTE, 3): 7,
            bucket(Span.MINUTE, 1, Counted.DEAD): 9,
        }
    )
    assert pace.series(Counted.ACCEPTED, Span.MINUTE, 3, NOW) == (5, 0, 3)
    assert pace.series(Counted.DEAD, Span.MINUTE, 3, NOW) == (0, 9, 0)
    assert Pace().series(Counted.DEAD, Span.DAY, 2, NOW) == (0, 0)


def test_a_larger_span_holds_the_smaller_ones() -> None:
    """An hour is what was folded into it and its minutes that still stand alone; a day likewise."""
    pace = Pace(
        {
            bucket(Span.MINUTE, 1): 1,  # 11:59
            bucket(Span.MINUTE, 61): 2,  # 10:59
            bucket(Span.HOUR, 1): 4,
            bucket(Span.HOUR, 13): 8,  # 23:00 of the day before
            bucket(Span.DAY, 1): 16,
        }
    )
    assert pace.series(Counted.ACCEPTED, Span.HOUR, 3, NOW) == (2, 5, 0)
    assert pace.series(Counted.ACCEPTED, Span.DAY, 3, NOW) == (0, 24, 7)
    assert pace.series(Counted.ACCEPTED, Span.MINUTE, 2, NOW) == (1, 0)


@pytest.mark.parametrize(
    ("seconds", "minutes", "rate"),
    [
        (0, 1, 60.0),  # the minute before, whole
        (30, 1, 60.0),  # 30 of this one and half of the 60 before
        (30, 2, 45.0),  # 30 + 60 + half of nothing, over two
        (59.4, 1, 30.6),  # 30 and a hundredth of 60
        (0, 15, 4.0),  # 60 over fifteen
    ],
)
def test_a_rate_is_an_average_over_the_last_minutes(seconds: float, minutes: int, rate: float) -> None:
    """The oldest minute counts by the share of it that still lies within."""
    counts = {bucket(Span.MINUTE, 1): 60}
    if seconds:
        counts[bucket(Span.MINUTE, 0)] = 30
    now = NOW + timedelta(seconds=seconds)
    assert Pace(counts).per_minute(Counted.ACCEPTED, minutes, now) == pytest.approx(rate)


def test_paces_add_up() -> None:
    """As those of partitions do."""
    one = Pace({bucket(Span.MINUTE, 0): 1, bucket(Span.MINUTE, 1): 2})
    two = Pace({bucket(Span.MINUTE, 0): 4})
    assert Pace.together([one, two]).counts == {bucket(Span.MINUTE, 0): 5, bucket(Span.MINUTE, 1): 2}
    assert Pace.together([]) == Pace()
