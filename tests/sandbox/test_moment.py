"""Points in time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sandbox.moment import Clock, from_text, to_fine_text, to_text, utc_now

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_times_are_written_in_utc() -> None:
    """Whatever the zone, the API's form is UTC with whole seconds, the audit's has microseconds."""
    local = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert (to_text(local), to_fine_text(local)) == ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z")


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T14:00+02:00", "2026-01-31T12:00:00.000+0000"]
)
def test_times_with_an_offset_are_read(text: str) -> None:
    """Every form of ISO 8601 with an offset means its moment."""
    assert from_text(text) == NOON


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-01-31T12:00:00", "2026-01-31", "0001-01-01T00:00:00+12:00", "1769860800"]
)
def test_other_times_are_not(text: str) -> None:
    """Local times, nonsense and moments before the first year are a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        from_text(text)


def test_the_clock_runs_ahead() -> None:
    """The clock is as far ahead as it was turned."""
    clock = Clock(lambda: NOON)
    assert clock() == NOON
    clock.offset_s = -60
    assert clock() == datetime(2026, 1, 31, 11, 59, tzinfo=UTC)


def test_the_machine_knows_utc() -> None:
    """The default clock is aware."""
    assert utc_now().tzinfo is UTC
