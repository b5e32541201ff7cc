"""Bucket: how much may happen in how much time."""

from collections.abc import Callable


class Bucket:
    """A token bucket of one process: `rate_per_s` on average, up to `burst` at once."""

    def __init__(self, rate_per_s: float, burst: float, now: Callable[[], float]) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._now = now
        self._tokens = burst
        self._at = now()

    def take(self) -> float:
        """Take a token and return 0; return the seconds until there is one when there is none."""
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate_per_s)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate_per_s
        self._tokens -= 1
        return 0.0
