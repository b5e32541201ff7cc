"""Delivery: how fast waiting commands reach the API, and what each costs."""

from collections.abc import Sequence
from typing import Final

from celery import Celery

from bench.backlog import drained, emptied
from bench.figure import Figure, Goal
from bench.parts import Ours, Rig, Run
from bench.samples import create, creates, update
from bench.scale import Scale

_LATENCY_MS: Final = 50.0
_LANES: Final = 1000
_MERGED: Final = 10


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of deliveries."""
    with Rig() as rig:
        return [
            *_at_fifty_milliseconds(rig, scale),
            _at_once(rig, scale),
            _two_processes(rig, scale),
            _long_queue(rig, scale),
            _merging(rig, scale),
        ]


def _at_fifty_milliseconds(rig: Rig, scale: Scale) -> list[Figure]:
    rig.stub.latency(_LATENCY_MS)
    narrow, wide, naive, careful = [], [], [], []
    for _ in range(scale.rounds):
        narrow.append(drained(Ours(rig, in_flight=64), creates(scale.calls(6000))))
        naive.append(_script(rig, "naive", scale.calls(120), "-P", "prefork", "-c", "2"))
        wide.append(drained(Ours(rig, in_flight=256), creates(scale.calls(12_000))))
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


def _at_once(rig: Rig, scale: Scale) -> Figure:
    rig.stub.latency(0)
    ours, bare = [], []
    for _ in range(scale.rounds):
        ours.append(drained(Ours(rig, in_flight=64), creates(scale.calls(8000))))
        bare.append(_bare(rig, scale.calls(16_000)))
    return _rate("API at 0 ms, one process", ours, "bare aiohttp loop", _rates(bare), Goal(0.33))


def _two_processes(rig: Rig, scale: Scale) -> Figure:
    rig.stub.latency(_LATENCY_MS)
    one, two = [], []
    for _ in range(scale.rounds):
        one.append(drained(Ours(rig, in_flight=64), creates(scale.calls(6000))))
        two.append(drained(Ours(rig, in_flight=64), creates(scale.calls(12_000)), workers=2))
    return _rate("two processes, API at 50 ms", two, "one process", _rates(one), Goal(1.7))


def _long_queue(rig: Rig, scale: Scale) -> Figure:
    """Whether a long queue slows the drain."""
    rig.stub.latency(0)
    long, short = [], []
    for _ in range(scale.rounds):
        short.append(drained(Ours(rig), creates(scale.calls(1000))))
        waiting = scale.calls(100_000)
        long.append(drained(Ours(rig), creates(waiting), calls=scale.calls(6000)))
    return _rate(f"with {waiting:,} waiting", long, "with 1,000", _rates(short), Goal(0.9))


def _merging(rig: Rig, scale: Scale) -> Figure:
    rig.stub.latency(0)
    shares = []
    for _ in range(scale.rounds):
        lanes = scale.calls(_LANES)
        commands = [update(lane, number) for number in range(_MERGED) for lane in range(lanes)]
        shares.append(emptied(Ours(rig), commands) / len(commands))
    return Figure(
        f"calls per command, {_MERGED} updates waiting in each lane",
        "",
        tuple(shares),
        "one call each",
        (1.0,) * scale.rounds,
        Goal(0.15, "at most"),
    )


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
