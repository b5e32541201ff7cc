"""The meter: what processes and Redis spend, read before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import psutil
import redis

from bench.parts import Rig, cpu_seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent since a rig was set up, or between two such readings."""

    #: CPU seconds of the process that is looked at (a door or a worker).
    process_s: float
    #: CPU seconds of Redis.
    redis_s: float
    #: CPU seconds of the stub.
    stub_s: float
    #: Commands that Redis carried out, those within scripts included.
    operations: float
    #: Bytes that Redis received and sent.
    received: float
    sent: float
    #: Bytes that Redis wrote into its append-only file.
    written: float

    def __sub__(self, earlier: Self) -> Self:
        return type(self)(
            **{each.name: getattr(self, each.name) - getattr(earlier, each.name) for each in fields(self)}
        )

    def __truediv__(self, count: float) -> Self:
        return type(self)(**{each.name: getattr(self, each.name) / count for each in fields(self)})


def read(rig: Rig, pid: int) -> Spent:
    """Return what a process, Redis and the stub have spent so far."""
    with redis.Redis.from_url(rig.redis.url()) as client:
        commands: Mapping[str, Mapping[str, Any]] = client.info("commandstats")
        stats: Mapping[str, Any] = client.info("stats")
        persistence: Mapping[str, Any] = client.info("persistence")
    return Spent(
        process_s=cpu_seconds([psutil.Process(pid)]),
        redis_s=cpu_seconds([psutil.Process(rig.redis.pid)]),
        stub_s=cpu_seconds([psutil.Process(rig.stub.process.pid)]),
        operations=float(sum(each["calls"] for each in commands.values())),
        received=float(stats["total_net_input_bytes"]),
        sent=float(stats["total_net_output_bytes"]),
        written=float(persistence["aof_current_size"]),
    )
