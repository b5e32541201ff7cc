"""The watchdog: tells when a process has stopped looking for work that is due.

Whatever the fault is (a blocked event loop, a pool full of tasks that hang, a connection to the broker that
only seems to live), the cure is the same: the process ends with a reason and its supervisor starts it again.
What it held in its hands is taken over after its lease, as after any death.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from worker.errors import StoreUnavailable
from worker.lanes import Partition
from worker.ports import Clock, Lanes
from worker.upkeep_events import WorkerStuck

#: Looks within its patience: so many must find the same before it speaks.
_LOOKS: Final = 10


class Watchdog:
    """Watches one process. Times are seconds of a clock that nobody sets."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._due_since: dict[str, float] = {}

    def see(self, service: str, *, due: bool, looked_at: float, now: float) -> WorkerStuck | None:
        """Take in one look: whether work is due that may be done, and when this process last looked for any.

        Work must have been due at every look for as long as the patience lasts, and this process must not
        have looked for it within that time.
        """
        if not due:
            self._due_since.pop(service, None)
            return None
        due_for = now - self._due_since.setdefault(service, now)
        idle_for = now - looked_at
        if min(due_for, idle_for) < self._patience_s:
            return None
        return WorkerStuck(service, round(due_for, 1), round(idle_for, 1))


async def watch(
    lanes: Lanes,
    *,
    partitions: Mapping[str, int],
    looked_at: Callable[[str], float],
    patience_s: float,
    clock: Clock,
    monotonic: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> WorkerStuck:
    """Return when this process is stuck, and say how; never, while it is not."""
    watchdog = Watchdog(patience_s)
    while True:
        await sleep(patience_s / _LOOKS)
        for service, count in partitions.items():
            due = await _is_due(lanes, service, count, clock)
            stuck = watchdog.see(service, due=due, looked_at=looked_at(service), now=monotonic())
            if stuck:
                return stuck


async def _is_due(lanes: Lanes, service: str, count: int, clock: Clock) -> bool:
    """Say whether work of a service is due and may be done; a store that is away is no fault of ours."""
    try:
        for index in range(count):
            backlog = await lanes.backlog(Partition(service, index), now=clock())
            if backlog.due and backlog.held_until is None and not backlog.paused:
                return True
    except StoreUnavailable:
        return False
    return False
