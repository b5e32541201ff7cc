"""Sweep: how long one takes over very many open interactions, and what it holds in memory meanwhile."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self

import psutil
import redis

from bench.figure import Figure, Goal
from bench.parts import Ours, Rig
from bench.scale import Scale
from worker.interactions import Interaction
from worker.lanes import Partition
from worker.store import wire
from worker.store.keys import Keys
from worker.sweeps import Result, Sweep
from worker.wiring import Bridge

_SERVICE = "service0"
_STALE = 1000
_IDLE_S = 7 * 24 * 3600.0
_AT_ONCE = 5000
_MIB = 1024 * 1024


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of sweeps."""
    many, few = scale.calls(1_000_000), scale.calls(20_000)
    sweep = {"idle_s": _IDLE_S, "cap_per_run": _STALE, "cap_per_hour": 10**6, "cap_share": 1.0}
    seconds: list[float] = []
    smaller: list[float] = []
    grown: list[float] = []
    looked: list[float] = []
    with Rig() as rig:
        ours = Ours(rig, service={"sweep": sweep})
        # everything is idle for long enough, and nothing has been open for long enough
        young = Ours(rig, service={"sweep": {**sweep, "idle_s": 60, "older_s": 366 * 24 * 3600.0}})
        for _ in range(scale.rounds):
            for count, times in ((few, smaller), (many, seconds)):
                rig.flush()
                fill(rig, count)
                with Watch() as watch:
                    times.append(timed(ours, stops=_STALE))
                if count == many:
                    looked.append(timed(young, stops=0))
                    grown.append(watch.grown / _MIB)
    return [
        Figure(
            f"One sweep that asks for {_STALE:,} stops, over {many:,} open interactions",
            "s",
            tuple(seconds),
            f"over {few:,}",
            tuple(smaller),
            Goal(2, "at most"),
            of_ratio=False,
        ),
        Figure(
            f"One that looks at {min(many, 100_000):,} and leaves them all",
            "s",
            tuple(looked),
            "",
            (),
            Goal(10, "at most"),
            of_ratio=False,
        ),
        Figure(
            "The process's memory grows by, meanwhile",
            "MiB",
            tuple(grown),
            "",
            (),
            Goal(16, "at most"),
            of_ratio=False,
        ),
    ]


def fill(rig: Rig, count: int) -> None:
    """Write open interactions as the store has them: stale ones first, the others active until just now."""
    now = datetime.now(UTC)
    keys = Keys.of(Partition(_SERVICE, 0))
    with redis.Redis.from_url(rig.redis.url()) as client:
        for some in _batches(count):
            pipeline = client.pipeline(transaction=False)
            active = {}
            for number in some:
                name = f"c-{number}"
                idle_s = _IDLE_S + 1 + number if number < _STALE else _IDLE_S * (number % 997) / 1000
                at = now - timedelta(seconds=idle_s)
                row = Interaction(service=_SERVICE, external_id=name).opened(
                    interaction_id=f"I{number}", channel="hooks", at=at
                )
                active[name] = wire.millis(at)
                pipeline.hset(keys.row(name), mapping={"record": wire.record(row), "seq": 1, "fence": 1})
            pipeline.zadd(keys.active, active)
            pipeline.execute()


def _batches(count: int) -> Iterator[range]:
    for first in range(0, count, _AT_ONCE):
        yield range(first, min(first + _AT_ONCE, count))


def timed(ours: Ours, *, stops: int) -> float:
    """Sweep once and return the seconds it took."""

    async def sweep(bridge: Bridge) -> tuple[float, Sweep]:
        await bridge.store.ping()
        began = time.perf_counter()
        done = await bridge.sweeper.sweep(_SERVICE)
        return time.perf_counter() - began, done

    seconds, done = ours.with_bridge(sweep)
    if (done.result, done.stops) != (Result.DONE, stops):
        raise AssertionError(f"the sweep came to {done.result} {done.reason} with {done.stops} stops")
    return seconds


class Watch:
    """Looks at this process's memory every few milliseconds."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._before = self._most = 0

    @property
    def grown(self) -> float:
        """By how many bytes it had grown when it was largest."""
        return float(self._most - self._before)

    def __enter__(self) -> Self:
        self._before = self._most = self._process.memory_info().rss
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self._most = max(self._most, self._process.memory_info().rss)
