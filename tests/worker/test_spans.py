"""Lengths of time, as people read them."""

from datetime import timedelta

import pytest

from worker.spans import span


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=2, minutes=5, seconds=9), "2 h 5 min"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(seconds=-1), "0 s"),
    ],
)
def test_a_span_has_two_units_at_most(length: timedelta, written: str) -> None:
    """More would not be read."""
    assert span(length) == written
