"""Cost: what one command costs each role, which `bench.scaling` reckons with.

And whether the stub is the limit: its ceiling is the inverse of the CPU that one of its answers costs, so
that must be a small part of what the leanest client spends on the same call.
"""

from collections.abc import Sequence
from typing import Final

import psutil

from bench import meter
from bench.backlog import opened
from bench.experiments.intake import load, start_intake
from bench.figure import Figure, Goal
from bench.meter import Spent
from bench.parts import Ours, Rig, cpu_seconds
from bench.scale import Scale

_LATENCY_MS: Final = 50.0
_CALLERS: Final = 64
_MICRO: Final = 1e6


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of costs."""
    taken: list[Spent] = []
    delivered: list[Spent] = []
    loops: list[tuple[float, float]] = []
    for _ in range(scale.rounds):
        with Rig() as rig:
            rig.stub.latency(_LATENCY_MS)
            taken.append(_intake(rig, scale.calls(6000)))
            delivered.append(_delivery(rig, scale.calls(6000)))
            rig.stub.latency(0)
            loops.append(_loop(rig, scale.calls(16_000)))
    return [
        *_told("accepting a webhook", "the door", taken),
        *_told("delivering a command", "the worker", delivered),
        Figure(
            "CPU of the stub for one answer",
            "µs",
            tuple(stub * _MICRO for stub, _ in loops),
            "bare aiohttp loop for one call",
            tuple(loop * _MICRO for _, loop in loops),
            Goal(0.3, "at most"),
        ),
    ]


def _told(doing: str, role: str, each: Sequence[Spent]) -> list[Figure]:
    def figure(what: str, unit: str, values: Sequence[float]) -> Figure:
        return Figure(f"{doing}: {what}", unit, tuple(values), "", (), None)

    return [
        figure(f"CPU of {role}", "µs", [spent.process_s * _MICRO for spent in each]),
        figure("CPU of Redis", "µs", [spent.redis_s * _MICRO for spent in each]),
        figure("Redis operations", "", [spent.operations for spent in each]),
        figure("to Redis", "bytes", [spent.received for spent in each]),
        figure("from Redis", "bytes", [spent.sent for spent in each]),
        figure("to Redis' disk", "bytes", [spent.written for spent in each]),
    ]


def _intake(rig: Rig, count: int) -> Spent:
    """Return what one webhook costs that is accepted and waits."""
    ours = Ours(rig)
    port = start_intake(ours)
    door = rig.processes[-1].pid
    load(port, max(count // 20, 20))
    before = meter.read(rig, door)
    load(port, count)
    return (meter.read(rig, door) - before) / count


def _delivery(rig: Rig, count: int) -> Spent:
    """Return what the delivery of what waits costs, from the first tenth to the last."""
    ours = Ours(rig)
    rig.stub.take_log()
    worker = ours.worker()
    with rig.running(worker):
        opened(ours)
        first, _ = rig.reach(count // 10)
        before = meter.read(rig, worker.pid)
        last, _ = rig.reach(count - count // 10)
        return (meter.read(rig, worker.pid) - before) / (last - first)


def _loop(rig: Rig, count: int) -> tuple[float, float]:
    """Return the CPU seconds of the stub, and of the bare loop, for one call."""
    rig.stub.take_log()
    loop = rig.start("-m", "bench.yardsticks.loop", str(_CALLERS), str(count))
    with rig.running(loop):
        watched = psutil.Process(rig.stub.process.pid), psutil.Process(loop.pid)
        first, _ = rig.reach(count // 10)
        before = [cpu_seconds([each]) for each in watched]
        last, _ = rig.reach(count - count // 10)
        stub, client = (cpu_seconds([each]) - was for each, was in zip(watched, before, strict=True))
    return stub / (last - first), client / (last - first)
