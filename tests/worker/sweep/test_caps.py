"""Too much at once, or a silence before, is a reason to stop nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.sweep.caps import silence, too_much
from worker.sweep.search import Found
from worker.sweep_settings import SweepSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EVERY = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (None, "the first one only looks"),
        (NOW - EVERY, ""),
        (NOW - timedelta(hours=1), ""),
        (NOW - timedelta(hours=1, seconds=1), "it only looks, because the one before it was 1 h ago"),
        (NOW + timedelta(hours=1), ""),
        (NOW + timedelta(days=2), "it only looks, because the one before it was 2 d ahead of this clock"),
    ],
)
def test_after_a_silence_a_sweep_only_looks(before: datetime | None, reason: str) -> None:
    """Of an hour, in either direction."""
    assert silence(before, EVERY, NOW) == reason


def test_a_slow_schedule_is_not_silent() -> None:
    """Three of its turns may go by."""
    assert silence(NOW - timedelta(days=3), timedelta(days=1), NOW) == ""
    assert silence(NOW - timedelta(days=3, seconds=1), timedelta(days=1), NOW) != ""


@pytest.mark.parametrize(
    ("stale", "of", "reason"),
    [
        (200, 1000, ""),
        (201, 1000, "more than 200 interactions are stale (cap_per_run)"),
        (10, 10, ""),
        (11, 22, ""),
        (11, 21, "11 of 21 open interactions are stale, more than a share of 0.5 (cap_share)"),
    ],
)
def test_too_much_at_once_is_refused(stale: int, of: int, reason: str) -> None:
    """By number, and by share where a share says something."""
    found = Found(stops=dict.fromkeys(map(str, range(stale))))  # type: ignore[arg-type] # only counted
    assert too_much(found, SweepSettings(), of) == reason
