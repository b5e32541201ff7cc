"""Live: how long a message takes from the door to the API while others come and go."""

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, Final

from bench.experiments.intake import load, quantile, start_intake
from bench.figure import Figure, Goal
from bench.parts import Ours, Rig, until
from bench.scale import Scale

_LATENCY_MS: Final = 50.0
_BURST: Final = 4
#: About half of what intake, worker, Redis, stub and senders manage together on two cores.
_RATE: Final = 300.0


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of live traffic."""
    medians, tails, bursts = [], [], []
    for _ in range(scale.rounds):
        alone = waits(scale, service={}, burst=1)
        medians.append(quantile(alone, 0.5))
        tails.append(quantile(alone, 0.99))
        together = waits(scale, service={"merge_updates": False}, burst=_BURST)
        bursts.append(quantile(together, 0.99) + _LATENCY_MS)
    ideal = (_BURST * _LATENCY_MS,) * scale.rounds
    return [
        _bounded("door to API call at half load, p50", medians, Goal(10, "at most")),
        _bounded("door to API call at half load, p99", tails, Goal(50, "at most")),
        Figure(
            "bursts of four per lane, event to answer, p99",
            "ms",
            tuple(bursts),
            "its four calls",
            ideal,
            Goal(1.3, "at most"),
        ),
    ]


def waits(scale: Scale, *, service: Mapping[str, object], burst: int) -> list[float]:
    """Return, in order, the milliseconds from when each webhook was due to when its call arrived."""
    with Rig() as rig:
        rig.stub.latency(_LATENCY_MS)
        ours = Ours(rig, in_flight=64, service=service)
        port = start_intake(ours)
        ours.worker()
        ours.beat()
        load(port, 50, channel="changes", rate=50)
        until(lambda: rig.stub.count() >= 50, "the first calls arrive")
        rig.stub.take_log()
        total = scale.calls(4000)
        sent = load(port, total, channel="changes", rate=_RATE, burst=burst)
        until(lambda: rig.stub.count() >= total, "every call arrives")
        return _matched(sent, rig.stub.take_log(), burst)


def _matched(sent: Mapping[str, Any], calls: list[tuple[int, str]], burst: int) -> list[float]:
    arrived: defaultdict[str, deque[int]] = defaultdict(deque)
    for at, path in calls:
        arrived[path.rpartition("/ext_")[2].partition("/")[0]].append(at)
    found = [
        (arrived[f"ticket-{sent['first'] + number // burst}"].popleft() - due) / 1e6
        for number, due in enumerate(sent["due_ns"])
    ]
    return sorted(found)


def _bounded(what: str, values: list[float], goal: Goal) -> Figure:
    return Figure(what, "ms", tuple(values), "", (), goal, of_ratio=False)
