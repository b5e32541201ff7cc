"""Times, as people read and write them."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.moments import NotAMoment, clock, since

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_moment_is_written_with_its_zone() -> None:
    """And nothing is written where there is none."""
    assert clock(utc=True)(NOW) == "2026-11-23 12:00:00 UTC"
    assert clock()(None) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30m", NOW - timedelta(minutes=30)),
        ("2h", NOW - timedelta(hours=2)),
        ("1d", NOW - timedelta(days=1)),
        ("2026-11-23T11:00:00+00:00", NOW - timedelta(hours=1)),
        ("2026-11-23T11:00", datetime(2026, 11, 23, 11, 0).astimezone()),
    ],
)
def test_a_person_writes_how_long_ago_or_when(written: str, meant: datetime) -> None:
    """Without an offset this machine's zone is meant."""
    assert since(written, NOW) == meant


@pytest.mark.parametrize("written", ["yesterday", "-1h", "h", "2026-13-01"])
def test_what_is_no_time_is_said(written: str) -> None:
    """With an example of what is."""
    with pytest.raises(NotAMoment, match="30m"):
        since(written, NOW)
