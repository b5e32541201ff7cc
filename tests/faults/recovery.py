"""Recovery: how long it takes until things go on, measured in calm bouts, past every proxy."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_LOOK_S: Final = 0.02
#: Longer than any recovery may take; what is not back by then counts as this.
PATIENCE_S: Final = 8.0

TAKEOVER: Final = "worker killed → its lanes taken over"
REDIS_BACK: Final = "Redis back → first delivery"
API_BACK: Final = "API back → backlog drained"


@dataclass(slots=True)
class Times:
    """Seconds, by what was waited for."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, seconds: float) -> None:
        """Note one recovery."""
        self.seconds.setdefault(what, []).append(round(seconds, 3))


async def taken_over(client: Any, begin: Sequence[str]) -> float:  # noqa: ANN401 - redis-py's answers have any type
    """Return after how long each lane held at this moment has moved on; `begin` is what keys begin with.

    Nothing tells which of them were the dead worker's. But a holder that lives settles or renews, which moves
    the end of its lease; what a dead one held stays as it is until somebody else takes it.
    """
    began = time.monotonic()
    places = await asyncio.to_thread(_held, client, begin)
    held = await asyncio.to_thread(_hands, client, places)
    while held and time.monotonic() - began < PATIENCE_S:
        await asyncio.sleep(_LOOK_S)
        present = await asyncio.to_thread(_hands, client, list(held))
        held = {place: hand for place, hand in held.items() if present.get(place) == hand}
    return time.monotonic() - began


async def drained(client: Any, begin: Sequence[str]) -> float:  # noqa: ANN401 - as above
    """Return after how long nothing is left of what waits at this moment."""
    began = time.monotonic()
    last = await asyncio.to_thread(_ends, client, begin)
    while last and time.monotonic() - began < PATIENCE_S:
        await asyncio.sleep(_LOOK_S)
        first = await asyncio.to_thread(_heads, client, list(last))
        last = {place: end for place, end in last.items() if place in first and first[place] <= end}
    return time.monotonic() - began


def _held(client: Any, begin: Sequence[str]) -> list[tuple[str, str]]:  # noqa: ANN401 - as above
    return [(prefix, lane.decode()) for prefix in begin for lane in client.zrange(f"{prefix}out", 0, -1)]


def _hands(client: Any, places: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[bytes, float]]:  # noqa: ANN401 - as above
    """Return the fence and the end of the lease of each lane; a claimed lane is due when its lease ends."""
    pipeline = client.pipeline(transaction=False)
    for prefix, lane in places:
        pipeline.hget(f"{prefix}row:{lane}", "fence")
        pipeline.zscore(f"{prefix}due", lane)
    found = iter(pipeline.execute())
    pairs = zip(places, zip(found, found, strict=True), strict=True)
    return {place: (fence, until) for place, (fence, until) in pairs if until is not None}


def _ends(client: Any, begin: Sequence[str]) -> dict[str, int]:  # noqa: ANN401 - as above
    # a walk over all keys would take long once there are many; a parked lane is not due, and none is here
    lanes = [
        f"{prefix}lane:{lane.decode()}" for prefix in begin for lane in client.zrange(f"{prefix}due", 0, -1)
    ]
    return _numbers(client, lanes, -1)


def _heads(client: Any, lanes: list[str]) -> dict[str, int]:  # noqa: ANN401 - as above
    return _numbers(client, lanes, 0)


def _numbers(client: Any, lanes: list[str], index: int) -> dict[str, int]:  # noqa: ANN401 - as above
    pipeline = client.pipeline(transaction=False)
    for lane in lanes:
        pipeline.lindex(lane, index)
    found = zip(lanes, pipeline.execute(), strict=True)
    return {lane: int(item.partition(b"|")[0]) for lane, item in found if item}
