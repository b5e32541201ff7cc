"""Hours: quiet ones by the clock on the wall, and idle time that counts only while business is done. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from worker.sweep_settings import DAYS, CalendarSettings, Hours, ends_of

#: Business is looked for so far back; what was idle for longer than that is older than any limit.
_HORIZON: Final = timedelta(days=5 * 366)
#: Before everything that was ever active.
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_quiet(hours: Hours, zone: ZoneInfo, now: datetime) -> bool:
    """Say whether the clock on the wall is within these hours, which may go beyond midnight."""
    begins, ends = ends_of(hours)
    at = now.astimezone(zone).time()
    if ends is None:
        return at >= begins
    return begins <= at < ends if begins < ends else at >= begins or at < ends


def idle_before(
    now: datetime, idle: timedelta, calendar: CalendarSettings | None, zone: ZoneInfo
) -> datetime:
    """Return the last moment from which `idle` has gone by until now, as the calendar counts.

    What was last active then or before is idle for so long. On the days on which clocks change, business
    takes the time it takes: an hour more or less than the clock on the wall says.
    """
    if calendar is None:
        return now - idle
    day, left = now.astimezone(zone).date(), idle
    earliest = (now - _HORIZON).date()
    while day > earliest:
        if DAYS[day.weekday()] in calendar.days and day not in calendar.holidays:
            opens, closes = _business(day, calendar.hours, zone)
            until = min(closes, now)
            if until - opens >= left:
                return until - left
            left -= max(until - opens, timedelta())
        day -= timedelta(days=1)
    return NEVER


def _business(day: date, hours: Hours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins, ends = ends_of(hours)
    opens = datetime.combine(day, begins, zone)
    closes = datetime.combine(day + timedelta(days=ends is None), ends or time(), zone)
    # between two moments of one zone, arithmetic would count by the clock on the wall
    return opens.astimezone(UTC), closes.astimezone(UTC)
