"""Start: how soon `bridge up` is ready, and how soon the command line answers."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from bench.figure import Figure, Goal
from bench.parts import end
from bench.scale import Scale

#: What any program loads that has its help written by typer.
_NOTHING: Final = ("-c", "import typer.rich_utils")


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of starting: on a fresh folder, with byte code as an installer leaves it."""
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "bridge", "worker", "connectors", "sandbox"], check=True
    )
    up = tuple(_up() for _ in range(scale.rounds))
    help_, nothing = _in_turn(scale, lambda: _seconds("-m", "bridge", "--help"), lambda: _seconds(*_NOTHING))
    return [
        Figure("bridge up ready, installed", "s", up, "", (), Goal(5, "at most"), of_ratio=False),
        Figure("bridge --help", "s", help_, "importing its library", nothing, Goal(2, "at most")),
    ]


def _in_turn(
    scale: Scale, ours: Callable[[], float], other: Callable[[], float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    pairs = [(ours(), other()) for _ in range(scale.rounds)]
    return tuple(one for one, _ in pairs), tuple(two for _, two in pairs)


def _up() -> float:
    """Return the seconds until every part says that it is ready."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "up", "--json", "--http", "0", "--smtp", "0", "--sandbox", "0"],
            env={**_environment(), "BRIDGE_DATA": directory},
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=(Path(directory) / "up.log").open("wb"),
        )
        began = time.perf_counter()
        try:
            said = process.stdout.readline() if process.stdout else b""
            if not said:
                raise RuntimeError((Path(directory) / "up.log").read_text(errors="replace")[-2000:])
            return time.perf_counter() - began
        finally:
            end(process)


def _seconds(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=_environment())
    return time.perf_counter() - began


def _environment() -> Mapping[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "PYTHONDONT"))
    }
