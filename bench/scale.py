"""Scale: how much of everything, so that a quick look and a full run are the same code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is."""

    rounds: int
    share: float

    def calls(self, full: int) -> int:
        """Return how many of something, of what a full run has."""
        return max(int(full * self.share), 60)


FULL = Scale(rounds=3, share=1.0)
QUICK = Scale(rounds=1, share=0.15)
