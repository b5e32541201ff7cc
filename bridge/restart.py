"""The restart: when a child that ended by itself is started again.

Decides only; `bridge.child` waits and starts.
"""

from dataclasses import dataclass
from typing import Final

_FIRST_S: Final = 1.0
_LONGEST_S: Final = 30.0
#: Whoever ran for so long did not fail at its start: what ended it is a new matter.
_STEADY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Restart:
    """What is known after a number of ends; without any, the beginning."""

    #: How many times in a row it ended soon after its start, the first end included.
    ends: int = 0

    def after(self, lived_s: float) -> "Restart":
        """Return what is known after one more end, the child having run for `lived_s` seconds."""
        return Restart(1 if lived_s >= _STEADY_S else self.ends + 1)

    @property
    def pause_s(self) -> float:
        """How long to wait before the next start: twice as long each time, up to 30 s."""
        doublings = min(max(self.ends - 1, 0), 10)
        return float(min(_FIRST_S * 2**doublings, _LONGEST_S))

    @property
    def notice(self) -> str:
        """What happens next, to stand behind what happened."""
        again = f"; it starts again in {self.pause_s:g} s"
        return f"{again} ({self.ends} ends in a row)" if self.ends > 1 else again
