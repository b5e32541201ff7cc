"""Spans: how a length of time is written for a person."""

from datetime import timedelta


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units: `2 h 5 min`."""
    seconds = max(int(length.total_seconds()), 0)
    parts = (
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    )
    first = next((place for place, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"
