"""Quiet: a flood of the same thing fills no log."""

from collections.abc import Callable
from typing import Final

#: Seconds between two log lines about the same thing.
QUIET_S: Final = 1.0


class Quiet:
    """Says when a line about something is to be written, and for how many it stands."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def times(self, about: str) -> int:
        """Note that it happened; return how often since the last line, 0 while that one is too fresh."""
        self._unsaid[about] = self._unsaid.get(about, 0) + 1
        if self._now() < self._until.get(about, 0.0):
            return 0
        self._until[about] = self._now() + QUIET_S
        return self._unsaid.pop(about)
