"""Scaling: from what one command costs to what so many a second need. A calculation, not a measurement.

`python -m bench.scaling` reads `docs/evidence/bench.json` and prints the table of `docs/scaling.md`;
`python -m bench.scaling --write` puts it there.
"""

import json
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Final, Self

import typer

from bench.report import between, rows

EVIDENCE: Final = Path("docs/evidence/bench.json")
DOCUMENT: Final = Path("docs/scaling.md")
RATES: Final = (10, 1_000, 100_000)

#: How busy a process may be kept: beyond that, what waits grows faster than what is done.
_BUSY: Final = 0.7
#: The latency of the API for which workers are counted, and the calls that one worker makes at once.
_LATENCY_S: Final = 0.05
_IN_FLIGHT: Final = 256
#: Partitions for each Redis node, so that they spread evenly and one may move.
_SPREAD: Final = 4
_WEEK_S: Final = 7 * 24 * 3600
_GB: Final = 1e9
_MB: Final = 1e6


@dataclass(frozen=True, slots=True)
class Costs:
    """What one command costs: CPU in seconds, the rest in bytes."""

    door_s: float
    worker_s: float
    redis_s: float
    operations: float
    network: float
    disk: float
    key: float

    @classmethod
    def of(cls, figures: dict[str, float]) -> Self:
        """Return the costs that the bench measured; raises KeyError where a figure is missing."""

        def both(what: str) -> float:
            return figures[f"accepting a webhook: {what}"] + figures[f"delivering a command: {what}"]

        return cls(
            door_s=figures["accepting a webhook: CPU of the door"] / 1e6,
            worker_s=figures["delivering a command: CPU of the worker"] / 1e6,
            redis_s=both("CPU of Redis") / 1e6,
            operations=both("Redis operations"),
            network=both("to Redis") + both("from Redis"),
            disk=both("to Redis' disk"),
            key=figures["Redis for a remembered key"],
        )


@dataclass(frozen=True, slots=True)
class Need:
    """What a rate of commands needs."""

    rate: int
    doors: int
    workers: int
    nodes: int
    partitions: int
    network_mb_s: float
    disk_mb_s: float
    keys_gb: float

    @classmethod
    def of(cls, rate: int, costs: Costs) -> Self:
        """Return what so many commands a second need, each arriving and delivered once."""
        nodes = _processes(rate * costs.redis_s)
        return cls(
            rate=rate,
            doors=_processes(rate * costs.door_s),
            workers=max(_processes(rate * costs.worker_s), ceil(rate * _LATENCY_S / _IN_FLIGHT)),
            nodes=nodes,
            partitions=1 if nodes == 1 else nodes * _SPREAD,
            network_mb_s=rate * costs.network / _MB,
            disk_mb_s=rate * costs.disk / _MB,
            keys_gb=rate * _WEEK_S * costs.key / _GB,
        )


def _processes(busy: float) -> int:
    """Return how many single-threaded processes so many busy seconds a second keep at `_BUSY`."""
    return max(ceil(busy / _BUSY), 1)


def read(path: Path) -> dict[str, float]:
    """Return the median of each figure by its name."""
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {each["what"]: each["median"] for each in facts["figures"]}


def table(costs: Costs) -> str:
    """Return both tables: what one command costs, and what follows."""
    needs = [Need.of(rate, costs) for rate in RATES]
    spent = rows(
        ("one command, accepted and delivered", "cost", "so one such process is full at"),
        [
            ("CPU of the door", f"{costs.door_s * 1e6:,.0f} µs", f"{_BUSY / costs.door_s:,.0f}/s"),
            ("CPU of the worker", f"{costs.worker_s * 1e6:,.0f} µs", f"{_BUSY / costs.worker_s:,.0f}/s"),
            ("CPU of Redis", f"{costs.redis_s * 1e6:,.0f} µs", f"{_BUSY / costs.redis_s:,.0f}/s"),
            ("Redis operations, those in scripts included", f"{costs.operations:.0f}", ""),
            ("bytes to and from Redis", f"{costs.network:,.0f}", ""),
            ("bytes to Redis' disk", f"{costs.disk:,.0f}", ""),
            ("bytes of a remembered key", f"{costs.key:,.0f}", ""),
        ],
    )
    needed = rows(
        ("commands a second", *(f"{need.rate:,}" for need in needs)),
        [
            ("door processes", *(f"{need.doors:,}" for need in needs)),
            ("worker processes", *(f"{need.workers:,}" for need in needs)),
            ("Redis nodes, by CPU", *(f"{need.nodes:,}" for need in needs)),
            ("partitions", *(f"{need.partitions:,}" for need in needs)),
            ("to and from Redis, MB/s", *(f"{need.network_mb_s:,.2f}" for need in needs)),
            ("to Redis' disks, MB/s", *(f"{need.disk_mb_s:,.2f}" for need in needs)),
            ("keys of a week, GB", *(f"{need.keys_gb:,.1f}" for need in needs)),
        ],
    )
    return f"{spent}\n{needed}"


def main(
    *,
    evidence: Annotated[Path, typer.Option(help="What the bench wrote.")] = EVIDENCE,
    write: Annotated[bool, typer.Option(help="Put the tables into docs/scaling.md.")] = False,
) -> None:
    """Reckon what 10, 1,000 and 100,000 commands a second need."""
    told = table(Costs.of(read(evidence)))
    if write:
        between(DOCUMENT, "scaling", told)
    typer.echo(told)


if __name__ == "__main__":
    typer.run(main)
