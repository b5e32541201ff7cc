"""Points in time as the API writes them, and the clock that tests can turn."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that runs like another one, some seconds ahead or behind."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        #: How far ahead of the underlying clock this one is.
        self.offset_s = 0.0

    def __call__(self) -> datetime:
        """The time, aware and in UTC."""
        return self._now() + timedelta(seconds=self.offset_s)


def utc_now() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """UTC in whole seconds with `Z`, as the API sends it."""
    return _with_z(moment.astimezone(UTC).isoformat(timespec="seconds"))


def to_fine_text(moment: datetime) -> str:
    """UTC in microseconds with `Z`, as the audit keeps it; texts of this form sort like the moments."""
    return _with_z(moment.astimezone(UTC).isoformat(timespec="microseconds"))


def _with_z(text: str) -> str:
    return text.removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Read ISO 8601 with an offset; ValueError for anything else, local times included."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time is out of range") from error
