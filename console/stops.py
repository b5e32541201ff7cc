"""Stops: how a person stopped a channel, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

from worker.ports import Pauses


@dataclass(frozen=True, slots=True)
class Stops:
    """What stands in a channel's way, each with its reason; None is what does not."""

    #: Nothing comes in by it.
    paused: str | None = None
    #: What comes in by it is not delivered.
    held: str | None = None

    @property
    def reason(self) -> str | None:
        """Why it is stopped, None when it is not."""
        return self.held if self.paused is None else self.paused

    @property
    def told(self) -> str:
        """What a person who lifts them reads."""
        found = (("paused", self.paused), ("held", self.held))
        words = [f"it was {how} because: {reason}" for how, reason in found if reason is not None]
        return "; ".join(words) or "it was not paused"


def stops_in(paused: Mapping[str, str], held: Mapping[str, str], channel: str) -> Stops:
    """Return how a channel is stopped, of all that are."""
    return Stops(paused.get(channel), held.get(channel))


async def stops_of(pauses: Pauses, channel: str) -> Stops:
    """Return how a channel is stopped. Raises StoreUnavailable."""
    paused, held = await pauses.paused_channels(), await pauses.held_channels()
    return stops_in(paused, held, channel)
