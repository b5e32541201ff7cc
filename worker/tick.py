"""The tick: rings whatever is due, so that a lost ring, a lapsed lease or a retry costs a second at most."""

from collections.abc import Awaitable, Callable, Mapping

from worker.lanes import Partition
from worker.ports import Clock, Doorbell, Lanes


async def tick(
    lanes: Lanes,
    doorbell: Doorbell,
    *,
    partitions: Mapping[str, int],
    relay: Callable[[Partition], Awaitable[int]],
    clock: Clock,
) -> int:
    """Ring every partition in which something is due and may be worked on; return how many there were.

    Notices that whoever wrote them could not pass on any more are passed on by `relay`.
    """
    rung = 0
    for service, count in partitions.items():
        for index in range(count):
            partition = Partition(service, index)
            backlog = await lanes.backlog(partition, now=clock())
            if backlog.untold:
                await relay(partition)
            if backlog.due and backlog.held_until is None and not backlog.paused:
                await doorbell.ring(partition)
                rung += 1
    return rung
