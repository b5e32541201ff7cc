"""The tick: rings whatever is due, so that a lost ring, a lapsed lease or a retry costs a second at most."""

from collections.abc import Mapping

from worker.lanes import Partition
from worker.ports import Clock, Doorbell, Lanes


async def tick(lanes: Lanes, doorbell: Doorbell, *, partitions: Mapping[str, int], clock: Clock) -> int:
    """Ring every partition in which something is due and may be worked on; return how many there were."""
    rung = 0
    for service, count in partitions.items():
        for index in range(count):
            partition = Partition(service, index)
            backlog = await lanes.backlog(partition, now=clock())
            if backlog.due and backlog.held_until is None and not backlog.paused:
                await doorbell.ring(partition)
                rung += 1
    return rung
