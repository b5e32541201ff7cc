"""Waits: how long a `Retry-After` header asks for (RFC 9110, section 10.2.3). Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Nine digits are 31 years: whatever is longer is nonsense. A fraction is not in the RFC, but on the wire.
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def seconds(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds to wait, 0 for a date in the past, and None for what cannot be understood.

    No cap: how long is too long belongs to the caller.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - now).total_seconds())
    except (ValueError, OverflowError):
        return None
