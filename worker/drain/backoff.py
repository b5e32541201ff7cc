"""Back-off: when to try again, as pure arithmetic."""

from worker.ports import Dice
from worker.settings import RetrySettings

#: 2 ** 60 half-seconds exceed any cap; beyond it the power would only grow digits.
_LARGEST_EXPONENT = 60


def delay_s(attempt: int, retry: RetrySettings, dice: Dice) -> float:
    """Return the delay after the n-th try, in seconds, drawn from [0, min(cap, base * 2 ** (n - 1))].

    Full jitter because many lanes usually fail together and must not come back together.
    """
    exponent = min(max(attempt, 1) - 1, _LARGEST_EXPONENT)
    return dice() * min(retry.cap_s, retry.base_s * 2.0**exponent)
