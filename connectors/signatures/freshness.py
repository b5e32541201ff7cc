"""Freshness: a genuine delivery that comes much too late, or too early, is somebody's recording of it."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import Field

from connectors.base import Delivery
from connectors.signatures.scheme import refused

#: Seconds that a signature's time and our clock may lie apart, either way; at most a week.
Tolerance = Annotated[int, Field(gt=0, le=7 * 24 * 3600)]
#: What most senders recommend, and most clocks keep.
TOLERANCE_S: Final = 300

_DIGITS = re.compile(r"[0-9]{1,16}")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(Z|[+-][0-9]{2}:?[0-9]{2})")
# As seconds this is the year 5138, as milliseconds 1973: nobody means the former.
_MILLISECONDS_FROM = 1e11


def seconds(text: str) -> float:
    """Return a time in seconds since 1970, of digits (seconds or milliseconds) or ISO 8601 with its zone.

    Raises:
        Refused: it is neither.
    """
    if _DIGITS.fullmatch(text):
        number = float(text)
        return number / 1000 if number >= _MILLISECONDS_FROM else number
    try:
        if _DATED.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise refused("the signature's time does not exist") from error
    raise refused("the signature's time is neither seconds since 1970 nor ISO 8601")


def check_fresh(sent: float, delivery: Delivery, tolerance_s: int) -> None:
    """Refuse what was signed too long before it arrived, or after."""
    late_s = delivery.arrived_at.timestamp() - sent
    if late_s > tolerance_s:
        raise refused(f"it was signed {late_s:.0f} s ago, and {tolerance_s} s are allowed")
    if late_s < -tolerance_s:
        raise refused(f"it was signed {-late_s:.0f} s in the future, and {tolerance_s} s are allowed")
