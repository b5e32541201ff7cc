"""How long a call is held up: drawn from a distribution. Pure; the waiting is up to `door`."""

from statistics import NormalDist
from typing import Final

#: No call is held up for longer than a day, however far out the dice fall.
LONGEST_MS: Final = 86_400_000
_STANDARD: Final = NormalDist()
_Z99: Final = _STANDARD.inv_cdf(0.99)
#: The smallest share below which nothing lies; at 0 itself a normal distribution has no value.
_SMALLEST: Final = 2.0**-53


def lognormal_ms(median_ms: float, p99_ms: float, roll: float) -> float:
    """The latency below which the share `roll` of all calls lies, its logarithm being normally distributed.

    Half of them take at most the median, 99 of 100 at most `p99_ms`; the rest may take far longer.
    """
    deviation = _STANDARD.inv_cdf(max(roll, _SMALLEST)) / _Z99
    return float(min(median_ms * (p99_ms / median_ms) ** deviation, LONGEST_MS))
