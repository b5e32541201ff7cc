"""Delivery: how fast waiting commands reach the API, and what each costs."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from celery import Celery

from bench.figure import Figure, Goal
from bench.parts import Ours, Rig, Run
from bench.samples import create
from bench.scale import Scale
from worker.commands import Command
from worker.lanes import Partition
from worker.wiring import Bridge

_AT_ONCE: Final = 512
_LATENCY_MS: Final = 50.0


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of deliveries."""
    with Rig() as rig:
        return [*_at_fifty_milliseconds(rig, scale), *_at_once(rig, scale), _waiting(rig, scale)]


def _at_fifty_milliseconds(rig: Rig, scale: Scale) -> list[Figure]:
    rig.stub.latency(_LATENCY_MS)
    narrow, wide, naive, careful = [], [], [], []
    for _ in range(scale.rounds):
        narrow.append(drained(Ours(rig, in_flight=64), scale.calls(6000)))
        naive.append(_script(rig, "naive", scale.calls(120), "-P", "prefork", "-c", "2"))
        wide.append(drained(Ours(rig, in_flight=256), scale.calls(12_000)))
        careful.append(_script(rig, "careful", scale.calls(1200), "-P", "threads", "-c", "64"))
    ideal = 1000 / _LATENCY_MS
    return [
        _rate("64 in flight, API at 50 ms", narrow, "naive script", _rates(naive), Goal(45)),
        _rate("64 in flight, API at 50 ms", narrow, "ideal", (64 * ideal,) * scale.rounds, Goal(0.75)),
        _rate("256 in flight, API at 50 ms", wide, "ideal", (256 * ideal,) * scale.rounds, Goal(0.35)),
        Figure(
            "CPU per delivery, API at 50 ms",
            "ms",
            tuple(each.cpu_per_call * 1000 for each in narrow),
            "careful script",
            tuple(each.cpu_per_call * 1000 for each in careful),
            Goal(0.15, "at most"),
        ),
    ]


def _at_once(rig: Rig, scale: Scale) -> list[Figure]:
    rig.stub.latency(0)
    ours, bare, two, one = [], [], [], []
    for _ in range(scale.rounds):
        ours.append(drained(Ours(rig, in_flight=64), scale.calls(8000)))
        bare.append(_bare(rig, scale.calls(16_000)))
    rig.stub.latency(_LATENCY_MS)
    for _ in range(scale.rounds):
        one.append(drained(Ours(rig, in_flight=64), scale.calls(6000)))
        two.append(drained(Ours(rig, in_flight=64), scale.calls(12_000), workers=2))
    return [
        _rate("API at 0 ms, one process", ours, "bare aiohttp loop", _rates(bare), Goal(0.33)),
        _rate("two processes, API at 50 ms", two, "one process", _rates(one), Goal(1.7)),
    ]


def _waiting(rig: Rig, scale: Scale) -> Figure:
    """Whether a long queue slows the drain."""
    rig.stub.latency(0)
    long, short = [], []
    for _ in range(scale.rounds):
        short.append(drained(Ours(rig, in_flight=64), scale.calls(3000)))
        long.append(drained(Ours(rig, in_flight=64), scale.calls(100_000), until=scale.calls(6000)))
    return _rate("drain with 100,000 waiting", long, "with few waiting", _rates(short), Goal(0.9))


def drained(
    ours: Ours, total: int, *, workers: int = 1, until: int | None = None, rounds: Sequence[Command] = ()
) -> Run:
    """Let so many commands wait behind a pause, open it, and watch workers deliver them."""
    rig = ours.rig
    rig.flush()
    commands = rounds or [create(number) for number in range(total)]
    processes = [ours.worker() for _ in range(workers)]
    with rig.running(*processes):
        ours.with_bridge(_paused(commands))
        ours.with_bridge(_opened)
        return rig.watch(until or len(commands), *processes)


def _paused(commands: Sequence[Command]) -> Callable[[Bridge], Awaitable[None]]:
    async def work(bridge: Bridge) -> None:
        await bridge.store.pause("service0", reason="the bench fills the lanes")
        waiting: Iterator[Command] = iter(commands)
        while batch := list(islice(waiting, _AT_ONCE)):
            await bridge.intake.submit(batch)

    return work


async def _opened(bridge: Bridge) -> None:
    await bridge.store.resume("service0")
    for index in range(bridge.partitions["service0"]):
        await bridge.doorbell.ring(Partition("service0", index))
        await bridge.doorbell.ring(Partition("service0", index))


def _script(rig: Rig, name: str, total: int, *options: str) -> Run:
    """Let a script's worker make so many calls."""
    rig.flush()
    broker = rig.redis.broker_url(2)
    app = Celery(broker=broker)
    for number in range(total):
        sample = create(number)
        arguments = (sample.external_id, dict(sample.user_data))
        app.send_task(f"{name}.create", args=arguments, ignore_result=True)
    worker = rig.celery(f"bench.yardsticks.{name}", *options, BENCH_BROKER=broker)
    with rig.running(worker):
        return rig.watch(total, worker)


def _bare(rig: Rig, total: int) -> Run:
    rig.flush()
    loop = rig.start("-m", "bench.yardsticks.loop", "64", str(total))
    with rig.running(loop):
        return rig.watch(total, loop)


def _rates(runs: Sequence[Run]) -> tuple[float, ...]:
    return tuple(each.calls_per_s for each in runs)


def _rate(what: str, ours: Sequence[Run], against: str, other: Sequence[float], goal: Goal) -> Figure:
    return Figure(f"deliveries, {what}", "/s", _rates(ours), against, tuple(other), goal)
