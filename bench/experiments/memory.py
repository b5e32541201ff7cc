"""Memory: what Redis needs for what waits and for what is remembered."""

import redis

from bench.backlog import emptied, submit
from bench.figure import Figure, Goal
from bench.parts import Ours, Rig
from bench.samples import creates, update
from bench.scale import Scale
from worker.commands import encode

_LANES = 1000
# Each of them gets so many commands that its history, which is capped, is full after the first time.
_BUSY_LANES = 100
# Fewer would share too few hashes to show what many cost; with more of them a key takes less.
_KEYS = 20_000


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of memory."""
    waiting, keys, after = [], [], []
    with Rig() as rig:
        ours = Ours(rig)
        for _ in range(scale.rounds):
            waiting.append(_waiting(ours, scale.calls(20_000)))
            keys.append(_keys(ours, _KEYS))
            after.append(_after(ours, _BUSY_LANES * 60))
    size = float(len(encode(update(0, 0))))
    return [
        Figure(
            "Redis for one more waiting command",
            "bytes",
            tuple(waiting),
            "the command itself",
            (size,) * scale.rounds,
            Goal(2, "at most"),
        ),
        Figure(
            "Redis for a remembered key",
            "bytes",
            tuple(keys),
            "",
            (),
            Goal(120, "at most"),
            of_ratio=False,
        ),
        Figure(
            "Redis after the same lanes were drained again",
            "bytes",
            tuple(second for _, second in after),
            "after the first time",
            tuple(first for first, _ in after),
            Goal(1.1, "at most"),
        ),
    ]


def used(rig: Rig, figure: str = "used_memory_dataset") -> float:
    """Return the bytes that Redis holds for data; as `used_memory`, with its tables and names."""
    with redis.Redis.from_url(rig.redis.url()) as client:
        return float(client.info("memory")[figure])


def forget(rig: Rig, *kinds: str) -> None:
    """Drop every key of these kinds.

    What is remembered of idempotency keys lives by its window (`told`) and with its conversation (`keys`),
    and not by what waits.
    """
    with redis.Redis.from_url(rig.redis.url()) as client:
        for kind in kinds:
            for key in client.scan_iter(f"bridge:*:{kind}:*", count=1000):
                client.delete(key)


def _waiting(ours: Ours, count: int) -> float:
    ours.rig.flush()
    submit(ours, creates(_LANES))
    before = used(ours.rig)
    submit(ours, [update(number % _LANES, number) for number in range(count)])
    return (used(ours.rig) - before) / count


def _keys(ours: Ours, count: int) -> float:
    """Return what a key takes in full: a program that forgets them all gives so much back."""
    ours.rig.flush()
    submit(ours, creates(count))
    whole = used(ours.rig, "used_memory")
    forget(ours.rig, "told")
    return (whole - used(ours.rig, "used_memory")) / count


def _after(ours: Ours, count: int) -> tuple[float, float]:
    sizes = []
    for half in range(2):
        numbers = range(half * count, (half + 1) * count)
        emptied(ours, [update(number % _BUSY_LANES, number) for number in numbers], fresh=half == 0)
        forget(ours.rig, "told", "keys")
        sizes.append(used(ours.rig))
    return sizes[0], sizes[1]
