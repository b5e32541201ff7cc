"""Delays double up to a cap, and the dice choose within them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.drain.backoff import delay_s, outage_delay_s
from worker.gate_settings import RetrySettings

RETRY = RetrySettings(base_s=0.5, cap_s=300)


@pytest.mark.parametrize(
    ("attempt", "largest_s"),
    [(1, 0.5), (2, 1.0), (3, 2.0), (10, 256.0), (11, 300.0), (10_000, 300.0)],
)
def test_the_largest_delay_doubles_up_to_the_cap(attempt: int, largest_s: float) -> None:
    """0.5 * 2 ** 9 is 256, and 0.5 * 2 ** 10 would be 512."""
    assert delay_s(attempt, RETRY, lambda: 1.0) == largest_s


def test_the_dice_choose_within_the_delay() -> None:
    """Full jitter: from nothing up to the largest."""
    assert delay_s(3, RETRY, lambda: 0.0) == 0.0
    assert delay_s(3, RETRY, lambda: 0.25) == 0.5  # a quarter of 2 s


def test_a_try_before_the_first_counts_as_the_first() -> None:
    """A try that was not counted may leave the count at nothing."""
    assert delay_s(0, RETRY, lambda: 1.0) == 0.5


@given(attempt=st.integers(0, 10**9), dice=st.floats(0, 1, exclude_max=True), cap_s=st.floats(0.1, 1e6))
def test_no_delay_is_negative_or_beyond_the_cap(attempt: int, dice: float, cap_s: float) -> None:
    """Whatever the count, nothing overflows."""
    assert 0 <= delay_s(attempt, RetrySettings(cap_s=cap_s), lambda: dice) <= cap_s


@pytest.mark.parametrize(("waited_s", "largest_s"), [(0.0, 0.5), (0.2, 0.5), (8.0, 8.0), (3600.0, 300.0)])
def test_an_outage_is_tried_less_and_less_often(waited_s: float, largest_s: float) -> None:
    """The longer nobody was reached, the longer the pause: from the base up to the cap."""
    assert outage_delay_s(waited_s, RETRY, lambda: 1.0) == largest_s
    assert outage_delay_s(waited_s, RETRY, lambda: 0.5) == largest_s / 2
