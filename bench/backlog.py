"""Backlogs: commands that wait behind a pause, and the run that delivers them."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import redis

from bench.parts import Ours, Run, until
from worker.commands import Command
from worker.lanes import Partition
from worker.wiring import Bridge

_AT_ONCE: Final = 512
_RING_AGAIN_S: Final = 2.0
SERVICE: Final = "service0"


def submit(ours: Ours, commands: Sequence[Command]) -> None:
    """Accept commands as a door would, with every service paused."""

    async def work(bridge: Bridge) -> None:
        for service in bridge.partitions:
            await bridge.store.pause(service, reason="the bench fills the lanes")
        waiting: Iterator[Command] = iter(commands)
        while batch := list(islice(waiting, _AT_ONCE)):
            await bridge.intake.submit(batch)

    ours.with_bridge(work)


def drained(
    ours: Ours, commands: Sequence[Command], *, workers: int = 1, calls: int | None = None, fresh: bool = True
) -> Run:
    """Let commands wait, open the gate, and watch workers deliver them.

    Args:
        ours: The bridge.
        commands: What waits.
        workers: How many worker processes there are.
        calls: After how many calls to stop watching; all commands where it is not given.
        fresh: Whether Redis begins empty.
    """
    if fresh:
        ours.rig.flush()
    ours.rig.stub.take_log()
    processes = [ours.worker() for _ in range(workers)]
    with ours.rig.running(*processes):
        submit(ours, commands)
        opened(ours)
        return ours.rig.watch(calls or len(commands), *processes)


def emptied(ours: Ours, commands: Sequence[Command], *, fresh: bool = True) -> int:
    """Let commands wait, deliver all of them, and return how many calls that took."""
    if fresh:
        ours.rig.flush()
    ours.rig.stub.take_log()
    worker = ours.worker()
    with ours.rig.running(worker):
        submit(ours, commands)
        opened(ours)
        until(lambda: _nothing_due(ours), "every lane is empty")
    return ours.rig.stub.count()


def opened(ours: Ours) -> None:
    """Open the gate of every service, and ring as the tick would until the first call arrives."""
    ours.with_bridge(_open)
    rung = time.monotonic()

    def called() -> bool:
        nonlocal rung
        if time.monotonic() - rung > _RING_AGAIN_S:
            ours.with_bridge(_ring)
            rung = time.monotonic()
        return ours.rig.stub.count() > 0

    until(called, "the first call arrives")


async def _open(bridge: Bridge) -> None:
    for service in bridge.partitions:
        await bridge.store.resume(service)
    await _ring(bridge)


async def _ring(bridge: Bridge) -> None:
    for service, partitions in bridge.partitions.items():
        for index in range(partitions):
            # One ring for each worker process; more would only be told that all is well.
            await bridge.doorbell.ring(Partition(service, index))
            await bridge.doorbell.ring(Partition(service, index))


def _nothing_due(ours: Ours) -> bool:
    time.sleep(0.2)
    with redis.Redis.from_url(ours.rig.redis.url()) as client:
        return not client.zcard(f"bridge:{{{SERVICE}/0}}:due")
