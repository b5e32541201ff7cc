"""Slots: work that happens once in each stretch of time, however many processes were told to do it.

A schedule is an interval. Its slots begin with 1970 in UTC, so no wall clock matters and the days on which it
is changed have none too many or too few. A slot that nobody asked for is gone: after an outage the work is
done once, in the slot that runs then.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from worker.ports import Clock, Ids
from worker.upkeep_ports import Slots


async def once(
    slots: Slots,
    schedule: str,
    work: Callable[[], Awaitable[None]],
    *,
    every: timedelta,
    clock: Clock,
    ids: Ids,
) -> bool:
    """Do the work unless it was done in the present slot of the schedule; say whether it was done now.

    The slot is taken before the work begins: who dies of it does not take the next one along, and what was
    left undone is for the next slot.
    """
    if not await slots.take_slot(schedule, every=every, token=ids(), now=clock()):
        return False
    await work()
    return True
