"""Moments: when something happened, in the sender's words."""

from datetime import UTC, datetime

from pydantic import JsonValue

from connectors.base import UnreadableDelivery

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: JsonValue, arrived_at: datetime) -> datetime:
    """Return the moment in UTC; the arrival where nothing is said. Raises UnreadableDelivery.

    Nothing can have happened after it arrived: a fast clock at the sender's must not make a stop look later
    than the messages that follow it.
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
        read = datetime.fromisoformat(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("not a time")  # noqa: TRY004 - one of the ways in which a value is not a time
    return datetime.fromtimestamp(value, UTC)
