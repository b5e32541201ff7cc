"""Freshness, both ways."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Delivery, Refused
from connectors.headers import Headers
from connectors.signatures.freshness import check_fresh, seconds

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1795435200", 1795435200.0),
        ("1795435200123", 1795435200.123),
        ("0", 0.0),
        ("2026-11-23T12:00:00Z", 1795435200.0),
        ("2026-11-23T13:00:00.500+01:00", 1795435200.5),
    ],
)
def test_times_are_read(text: str, expected: float) -> None:
    """Seconds, milliseconds and ISO 8601 with a zone are understood."""
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "1.5",
        " 1795435200",
        "1e9",
        "٣",
        "1" * 17,
        "nan",
        "2026-11-23",
        "2026-11-23T12:00:00",
        "2026-13-23T12:00:00Z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_nothing_else_is_a_time(text: str) -> None:
    """Signs, fractions, floods of digits, missing zones and impossible dates are Refused."""
    with pytest.raises(Refused, match="the signature's time"):
        seconds(text)


@pytest.mark.parametrize(
    ("late_s", "passes"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_late_and_early_are_measured_alike(late_s: int, *, passes: bool) -> None:
    """Up to the tolerance it passes, beyond it is Refused, with the seconds in the log."""
    delivery = Delivery("c", Headers(), b"", NOON + timedelta(seconds=late_s))
    if passes:
        check_fresh(NOON.timestamp(), delivery, 300)
        return
    with pytest.raises(Refused, match=r"signed 301 s (ago|in the future), and 300 s are allowed"):
        check_fresh(NOON.timestamp(), delivery, 300)
