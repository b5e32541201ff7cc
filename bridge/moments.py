"""Moments: how times are written for a person, and how a person writes them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from worker.errors import BridgeError

#: Writes a moment, and nothing where there is none.
Clock = Callable[[datetime | None], str]

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(r"^(\d{1,6})([smhdw])$")


class NotAMoment(BridgeError):
    """What was written is no time."""


def clock(*, utc: bool = False) -> Clock:
    """Return what writes moments in UTC or in this machine's time zone."""

    def write(moment: datetime | None) -> str:
        if moment is None:
            return ""
        return moment.astimezone(UTC if utc else None).strftime("%Y-%m-%d %H:%M:%S %Z")

    return write


def since(written: str, now: datetime) -> datetime:
    """Return the moment meant by `30m`, `2h`, `1d` ago, or by a date and time. Raises NotAMoment.

    A date without an offset is meant in this machine's time zone.
    """
    if found := _AGO.match(written):
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise NotAMoment(
            f"{written!r} is no time: write how long ago (30m, 2h, 1d) or when (2026-11-23, 2026-11-23T14:30)"
        ) from error
    return moment.astimezone()  # one without an offset is taken as local
