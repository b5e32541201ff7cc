"""Moments: when something happened, in the sender's words."""

import re
from datetime import UTC, datetime

from pydantic import JsonValue

from connectors.base import UnreadableDelivery

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# Fewer digits may be a date: 20261123.
_SECONDS = re.compile(r"\d{9,16}(\.\d{1,9})?")
# As seconds this is the year 5138, as milliseconds 1973: nobody means the former.
_MILLISECONDS_FROM = 1e11


def moment(value: JsonValue, arrived_at: datetime) -> datetime:
    """Return the moment in UTC; the arrival where nothing is said. Raises UnreadableDelivery.

    Understood are ISO 8601, and seconds or milliseconds since 1970, as numbers or in digits. Nothing can have
    happened after it arrived: a fast clock at the sender's must not make a stop look later than the messages
    that follow it.
    """
    if value is None or value == "":
        return arrived_at
    try:
        read = _read(value)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableDelivery("the time is neither ISO 8601 nor seconds since 1970") from error
    if read < _EARLIEST:
        raise UnreadableDelivery("the time is before 1970")
    return min(read, arrived_at)


def _read(value: JsonValue) -> datetime:
    if isinstance(value, str):
        if _SECONDS.fullmatch(value):
            return _since_1970(float(value))
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("not a time")  # noqa: TRY004 - one of the ways in which a value is not a time
    return _since_1970(value)


def _since_1970(number: float) -> datetime:
    return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS_FROM else number, UTC)
