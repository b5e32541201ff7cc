"""Quiet hours and business time, also on the days on which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sweep.hours import NEVER, idle_before, is_quiet
from worker.sweep_settings import CalendarSettings

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = CalendarSettings(hours="08:00-18:00")
DAILY = CalendarSettings(hours="00:00-24:00", days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    """Return a moment by the clock on a wall in Berlin."""
    return datetime(year, month, day, hour, minute, fold=fold, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ("22:00-06:00", berlin(2026, 11, 23, 21, 59), False),
        ("22:00-06:00", berlin(2026, 11, 23, 22, 0), True),
        ("22:00-06:00", berlin(2026, 11, 24, 5, 59), True),
        ("22:00-06:00", berlin(2026, 11, 24, 6, 0), False),
        ("12:00-13:00", berlin(2026, 11, 24, 12, 30), True),
        ("12:00-13:00", berlin(2026, 11, 24, 13, 0), False),
        ("22:00-24:00", berlin(2026, 11, 24, 23, 59), True),
        ("22:00-24:00", berlin(2026, 11, 24, 0, 0), False),
        # summer: 04:30 in UTC is 06:30 in Berlin; winter: 05:30
        ("22:00-06:00", datetime(2026, 7, 1, 4, 30, tzinfo=UTC), False),
        ("22:00-06:00", datetime(2026, 12, 1, 4, 30, tzinfo=UTC), True),
        # the night that has 02:30 twice, and the one that has none
        ("02:00-03:00", berlin(2026, 10, 25, 2, 30, fold=0), True),
        ("02:00-03:00", berlin(2026, 10, 25, 2, 30, fold=1), True),
        ("02:00-03:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall(hours: str, at: datetime, *, quiet: bool) -> None:
    """Over midnight, in summer and in winter."""
    assert is_quiet(hours, BERLIN, at) is quiet


def test_without_a_calendar_every_hour_counts() -> None:
    """By the clock of nature, whatever the wall says."""
    now = berlin(2026, 3, 30, 12)
    assert idle_before(now, timedelta(days=2), None, BERLIN) == now - timedelta(days=2)


@pytest.mark.parametrize(
    ("now", "idle_h", "since"),
    [
        # Tuesday noon: four hours of today, six of Monday
        (berlin(2026, 11, 24, 12), 10, berlin(2026, 11, 23, 12)),
        # Monday noon: the weekend does not count
        (berlin(2026, 11, 23, 12), 5, berlin(2026, 11, 20, 17)),
        # at night the day's business is over: all of it counts
        (berlin(2026, 11, 23, 23), 10, berlin(2026, 11, 23, 8)),
        # before the doors open today's business has not begun
        (berlin(2026, 11, 24, 6), 1, berlin(2026, 11, 23, 17)),
        # a holiday does not count either
        (berlin(2026, 12, 28, 9), 2, berlin(2026, 12, 24, 17)),
    ],
)
def test_only_business_counts(now: datetime, idle_h: int, since: datetime) -> None:
    """Hours, days of the week, holidays."""
    calendar = OFFICE.model_copy(update={"holidays": (date(2026, 12, 25),)})
    assert idle_before(now, timedelta(hours=idle_h), calendar, BERLIN) == since


@pytest.mark.parametrize(
    ("now", "hours_of_the_day"),
    [(berlin(2026, 3, 30), 23), (berlin(2026, 10, 26), 25), (berlin(2026, 7, 2), 24)],
)
def test_the_days_on_which_clocks_change_have_the_hours_they_have(
    now: datetime, hours_of_the_day: int
) -> None:
    """Around the clock, one day back is 23 hours in spring and 25 in autumn."""
    day = timedelta(hours=hours_of_the_day)
    assert idle_before(now, day, DAILY, BERLIN) == now - day
    assert idle_before(now, day, DAILY, BERLIN).astimezone(BERLIN).hour == 0


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds it
    st.integers(1, 100 * 24 * 60),
)
def test_around_the_clock_a_calendar_changes_nothing(now: datetime, minutes: int) -> None:
    """Neither on the days on which clocks change."""
    assert idle_before(now, timedelta(minutes=minutes), DAILY, BERLIN) == now - timedelta(minutes=minutes)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds it
    st.integers(1, 5000),
    st.integers(1, 5000),
)
def test_a_longer_limit_never_makes_more_stale(now: datetime, minutes: int, more: int) -> None:
    """And a calendar never makes anything stale earlier."""
    shorter = idle_before(now, timedelta(minutes=minutes), OFFICE, BERLIN)
    assert idle_before(now, timedelta(minutes=minutes + more), OFFICE, BERLIN) < shorter
    assert shorter <= now - timedelta(minutes=minutes)


def test_a_calendar_without_business_makes_nothing_stale() -> None:
    """Every working day of years was a holiday."""
    days = tuple(date(2021, 1, 1) + timedelta(days=number) for number in range(2200))
    calendar = OFFICE.model_copy(update={"holidays": days})
    assert idle_before(berlin(2026, 11, 23, 12), timedelta(hours=1), calendar, BERLIN) == NEVER
