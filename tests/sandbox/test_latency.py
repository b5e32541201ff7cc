"""Latency as a distribution."""

import random
from statistics import quantiles

import pytest

from sandbox.latency import LONGEST_MS, lognormal_ms


def test_median_and_percentile_are_what_was_asked_for() -> None:
    """Of many calls, half keep within the median and 99 of 100 within the percentile."""
    dice = random.Random(7)  # noqa: S311  # repeatable on purpose
    drawn = quantiles((lognormal_ms(40, 900, dice.random()) for _ in range(20_000)), n=100)
    assert drawn[49] == pytest.approx(40, rel=0.05)
    assert drawn[98] == pytest.approx(900, rel=0.1)


def test_the_same_seed_draws_the_same() -> None:
    """The dice are passed in: nothing else is random."""
    first, second = (random.Random(7).random() for _ in range(2))  # noqa: S311  # as above
    assert lognormal_ms(40, 900, first) == lognormal_ms(40, 900, second)


@pytest.mark.parametrize("roll", [0.0, 0.5, 1 - 2**-53])
def test_no_roll_leads_beyond_a_day(roll: float) -> None:
    """The dice may fall on either end, and a percentile far away does not hold a call up for ever."""
    assert 0 < lognormal_ms(1000, LONGEST_MS, roll) <= LONGEST_MS
    assert lognormal_ms(40, 40, roll) == 40
