"""The tick: rings whatever is due, so that a lost ring, a lapsed lease or a retry costs a second at most."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from worker.errors import StoreUnavailable
from worker.events import DrainFailed
from worker.lanes import Partition
from worker.ports import Clock, Doorbell, Lanes, Listener

Relay = Callable[[Partition], Awaitable[int]]


async def tick(
    lanes: Lanes,
    doorbell: Doorbell,
    *,
    partitions: Mapping[str, int],
    relay: Relay,
    clock: Clock,
    listen: Listener,
) -> int:
    """Ring every partition in which something is due and may be worked on; return how many there were.

    Notices that whoever wrote them could not pass on any more are passed on by `relay`. All partitions are
    looked at at the same time: one whose node of a cluster is away holds up no other, and is told.
    """
    away: dict[str, str] = {}

    async def rung(partition: Partition) -> bool:
        try:
            return await _look(lanes, doorbell, partition, relay=relay, clock=clock)
        except StoreUnavailable as error:
            away.setdefault(partition.service, str(error))
            return False

    everywhere = [
        Partition(service, index) for service, count in partitions.items() for index in range(count)
    ]
    rings = sum(await asyncio.gather(*map(rung, everywhere)))
    for service, reason in away.items():
        listen(DrainFailed(service, "", reason))
    return rings


async def _look(
    lanes: Lanes, doorbell: Doorbell, partition: Partition, *, relay: Relay, clock: Clock
) -> bool:
    """Ring a partition if there is a reason to, and say whether there was."""
    backlog = await lanes.backlog(partition, now=clock())
    if backlog.untold:
        await relay(partition)
    wanted = bool(backlog.due) and backlog.held_until is None and not backlog.paused
    if wanted:
        await doorbell.ring(partition)
    return wanted
