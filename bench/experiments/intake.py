"""Intake: webhooks verified, mapped, appended and on the disk before they are answered."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, Goal
from bench.parts import Ours, Rig, free_port, listens, until
from bench.scale import Scale

_CONNECTIONS: Final = 32
_numbers = count(step=1_000_000)


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of the webhook door."""
    with Rig() as rig:
        ours = Ours(rig)
        door, bare = start_intake(ours), _start_route(rig)
        taken, nothing, tails, calm = [], [], [], []
        for _ in range(scale.rounds):
            rig.flush()
            total = scale.calls(12_000)
            taken.append(load(door, total)["per_s"])
            nothing.append(load(bare, total)["per_s"])
            rate = taken[-1] / 2
            tails.append(quantile(load(door, total // 2, rate=rate)["latencies_ms"], 0.99))
            calm.append(quantile(load(bare, total // 2, rate=rate)["latencies_ms"], 0.99))
    return [
        Figure("webhook intake, on disk", "/s", tuple(taken), "empty route", tuple(nothing), Goal(0.45)),
        Figure(
            "webhook intake at half load, p99",
            "ms",
            tuple(tails),
            "empty route",
            tuple(calm),
            Goal(25, "at most"),
            of_ratio=False,
        ),
    ]


def start_intake(ours: Ours) -> int:
    """Start the bridge's doors and return the port of the HTTP one."""
    port = free_port()
    environment = {**ours.environment, "BRIDGE_HTTP_PORT": str(port), "BRIDGE_SMTP_PORT": str(free_port())}
    ours.rig.start("-m", "bridge", "intake", **environment)
    until(lambda: listens(port), "the intake answers")
    return port


def load(
    port: int, total: int, *, channel: str = "hooks", rate: float = 0.0, burst: int = 1
) -> dict[str, Any]:
    """Send so many webhooks from a process of its own and return what it saw. Raises RuntimeError."""
    first = next(_numbers)
    words = (port, channel, total, _CONNECTIONS, rate, first, burst)
    command = [sys.executable, "-m", "bench.load", *map(str, words)]
    seen: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if seen["failed"]:
        raise RuntimeError(f"{seen['failed']} of {total} webhooks were not accepted")
    return {**seen, "first": first}


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of ordered values."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _start_route(rig: Rig) -> int:
    told: Path = rig.directory / "route.port"
    rig.start("-m", "bench.yardsticks.route", str(told))
    until(lambda: told.exists() and told.read_text() != "", "the empty route listens")
    return int(told.read_text())
