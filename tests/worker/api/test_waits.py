"""`Retry-After`, in both of its forms."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.api.waits import seconds

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("999999999", 999_999_999.0),
        ("Mon, 23 Nov 2026 12:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 13:01:30 +0100", 90.0),
        ("Mon, 23 Nov 2026 12:01:30 -0000", 90.0),
        ("Monday, 23-Nov-26 12:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_seconds_and_dates_are_understood(value: str, expected: float) -> None:
    """A number is seconds; a date is measured against now, and the past is no wait."""
    assert seconds(value, now=NOW) == expected


@pytest.mark.parametrize(
    "value",
    [None, "", "-5", "soon", "1e9", "inf", "nan", "٣", "9999999999", "Mon, 99 Nov 2026 12:01:30 GMT"],
)
def test_nonsense_is_no_advice(value: str | None) -> None:
    """What cannot be understood, and absurd numbers, say nothing."""
    assert seconds(value, now=NOW) is None


@settings(deadline=None)
@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} Nov [0-9]{1,9} [0-9:]{0,9} ([+-][0-9]{1,12}|GMT)")
)
def test_no_header_raises(value: str) -> None:
    """Whatever stands there, the result is a wait that is not negative, or nothing."""
    result = seconds(value, now=NOW)
    assert result is None or result >= 0
