"""Back-off: when to try again, as pure arithmetic."""

from worker.gate_settings import RetrySettings
from worker.ports import Dice

#: 2 ** 60 half-seconds exceed any cap; beyond it the power would only grow digits.
_LARGEST_EXPONENT = 60


def delay_s(attempt: int, retry: RetrySettings, dice: Dice) -> float:
    """Return the delay after the n-th try, in seconds, drawn from [0, min(cap, base * 2 ** (n - 1))].

    Full jitter because many lanes usually fail together and must not come back together.
    """
    exponent = min(max(attempt, 1) - 1, _LARGEST_EXPONENT)
    return dice() * min(retry.cap_s, retry.base_s * 2.0**exponent)


def outage_delay_s(waited_s: float, retry: RetrySettings, dice: Dice) -> float:
    """Return the full-jitter delay after a try that reached nobody, from [0, min(cap, max(base, waited))].

    Such a try says nothing about the command, so it does not count; its pauses grow with the time the command
    has waited, which doubles about as a count of tries would have it.
    """
    return dice() * min(retry.cap_s, max(retry.base_s, waited_s))
