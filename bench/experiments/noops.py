"""No-ops: other task queues doing nothing, beside whole deliveries of ours. For context, without goals."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import redis

from bench.backlog import drained
from bench.figure import Figure
from bench.parts import Ours, Rig, until
from bench.samples import creates
from bench.scale import Scale
from bench.yardsticks import noop_celery, noop_dramatiq, noop_taskiq

_FIRST, _LAST = 0.9, 0.2


@dataclass(frozen=True, slots=True)
class _Queue:
    """One task queue: its module, the list its messages wait in, and how one worker of it is started."""

    module: str
    waiting: str
    worker: tuple[str, ...]
    #: How its library writes the address of the same Redis.
    celery_style: bool = False


_QUIET: Final = ("-l", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat")
_QUEUES: Final[Mapping[str, _Queue]] = {
    "Celery": _Queue(
        "noop_celery",
        noop_celery.QUEUE,
        ("celery", "-A", "bench.yardsticks.noop_celery", "worker", "-P", "solo", *_QUIET),
        celery_style=True,
    ),
    "dramatiq": _Queue(
        "noop_dramatiq", noop_dramatiq.QUEUE, ("dramatiq", "-p", "1", "bench.yardsticks.noop_dramatiq")
    ),
    "taskiq": _Queue(
        "noop_taskiq",
        noop_taskiq.QUEUE,
        ("taskiq", "worker", "--workers", "1", "bench.yardsticks.noop_taskiq:broker"),
    ),
}


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of no-ops."""
    ours: list[float] = []
    others: dict[str, list[float]] = {name: [] for name in _QUEUES}
    with Rig() as rig:
        rig.stub.latency(0)
        for _ in range(scale.rounds):
            ours.append(drained(Ours(rig), creates(scale.calls(6000))).calls_per_s)
            for name, queue in _QUEUES.items():
                others[name].append(_consumed(rig, queue, scale.calls(4000)))
    return [
        Figure(f"a delivery beside a no-op of {name}", "/s", tuple(ours), "no-ops", tuple(rates), None)
        for name, rates in others.items()
    ]


def _consumed(rig: Rig, queue: _Queue, count: int) -> float:
    """Return how many no-ops one worker process takes out of its queue in a second."""
    rig.flush()
    address = rig.redis.broker_url(2) if queue.celery_style else rig.redis.url(2)
    sender = rig.start("-m", f"bench.yardsticks.{queue.module}", str(count), BENCH_BROKER=address)
    until(lambda: sender.poll() is not None, f"{queue.module} has sent its messages")
    worker = rig.start("-m", *queue.worker, BENCH_BROKER=address)
    with rig.running(worker), redis.Redis.from_url(rig.redis.url(2)) as client:
        first = _left(client, queue, int(count * _FIRST))
        last = _left(client, queue, int(count * _LAST))
    return (first[0] - last[0]) / (last[1] - first[1])


def _left(client: redis.Redis, queue: _Queue, count: int) -> tuple[int, float]:
    """Return how many are left when so many or fewer are, and when that was."""
    until(lambda: int(client.llen(queue.waiting)) <= count, f"{queue.module} works")
    return int(client.llen(queue.waiting)), time.monotonic()
