"""Fairness: what a busy lane costs quiet ones, and what a dead service costs a healthy one."""

from typing import Final

from bench.backlog import SERVICE, drained, submit
from bench.experiments.intake import load, quantile, start_intake
from bench.figure import Figure, Goal
from bench.parts import Ours, Rig, Run, until
from bench.samples import creates, update
from bench.scale import Scale
from worker.lanes import Partition
from worker.wiring import Bridge

_LATENCY_MS: Final = 50.0
_RATE: Final = 150.0
_BUSY: Final = 3_000_000


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of fairness."""
    alone, beside, healthy, troubled = [], [], [], []
    for _ in range(scale.rounds):
        alone.append(_quiet(scale, busy=0))
        beside.append(_quiet(scale, busy=scale.calls(2000)))
        healthy.append(_rate(scale, dead=False))
        troubled.append(_rate(scale, dead=True))
    return [
        Figure(
            "quiet lanes beside a busy one, door to call, p99",
            "ms",
            tuple(beside),
            "quiet ones alone",
            tuple(alone),
            Goal(1.5, "at most"),
        ),
        Figure(
            "a healthy service beside a dead one",
            "/s",
            tuple(each.calls_per_s for each in troubled),
            "healthy one alone",
            tuple(each.calls_per_s for each in healthy),
            Goal(0.9),
        ),
    ]


def _quiet(scale: Scale, *, busy: int) -> float:
    """Return the p99 of a thousand quiet lanes, with so many commands waiting in one lane beside them."""
    with Rig() as rig:
        rig.stub.latency(_LATENCY_MS)
        ours = Ours(rig, service={"merge_updates": False, "lane_cap": 10_000})
        port = start_intake(ours)
        ours.worker()
        ours.beat()
        load(port, 50, channel="changes", rate=50)
        until(lambda: rig.stub.count() >= 50, "the first calls arrive")
        if busy:
            submit(ours, [update(_BUSY, number) for number in range(busy)])
            ours.with_bridge(_resume)
        rig.stub.take_log()
        total = scale.calls(1000)
        sent = load(port, total, channel="changes", rate=_RATE)
        wanted = {f"ticket-{sent['first'] + number}": due for number, due in enumerate(sent["due_ns"])}
        found: dict[str, float] = {}
        until(lambda: len(_collect(rig, wanted, found)) == total, "every quiet call arrives")
        return quantile(sorted(found.values()), 0.99)


def _collect(rig: Rig, wanted: dict[str, int], found: dict[str, float]) -> dict[str, float]:
    for at, path in rig.stub.take_log():
        lane = path.rpartition("/ext_")[2].partition("/")[0]
        if lane in wanted:
            found[lane] = (at - wanted[lane]) / 1e6
    return found


async def _resume(bridge: Bridge) -> None:
    await bridge.store.resume(SERVICE)
    await bridge.doorbell.ring(Partition(SERVICE, 0))


def _rate(scale: Scale, *, dead: bool) -> Run:
    """Return the rate of a healthy service; the dead one beside it refuses every connection."""
    total = scale.calls(6000)
    with Rig() as rig:
        rig.stub.latency(_LATENCY_MS)
        ours = Ours(rig, services=2, dead=(1,) if dead else ())
        commands = [*creates(total), *creates(total, service="service1")]
        return drained(ours, commands if dead else commands[:total], calls=total)
