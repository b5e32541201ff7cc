"""`python -m bench`: measure, print the table, write the evidence, and fail when a goal is missed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import report
from bench.experiments import cost, delivery, fairness, intake, live, memory, noops, sweep
from bench.figure import Figure, missed
from bench.scale import FULL, QUICK, Scale

EXPERIMENTS: Mapping[str, Callable[[Scale], list[Figure]]] = {
    "delivery": delivery.measure,
    "intake": intake.measure,
    "live": live.measure,
    "fairness": fairness.measure,
    "memory": memory.measure,
    "sweep": sweep.measure,
    "cost": cost.measure,
    "noops": noops.measure,
}


def main(
    *,
    only: Annotated[list[str] | None, typer.Argument(help="Some experiments; all without.")] = None,
    quick: Annotated[bool, typer.Option(help="A look under a minute instead of a measurement.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write JSON, Markdown and a plot there.")] = None,
) -> None:
    """Measure what we claim about speed, each figure beside its yardstick."""
    console = Console()
    scale = QUICK if quick else FULL
    figures: list[Figure] = []
    for name, measure in EXPERIMENTS.items():
        if not only or name in only:
            console.print(f"[dim]{name} …[/dim]")
            figures += measure(scale)
    console.print(report.table(figures))
    if out:
        report.write(figures, out, at=datetime.now(UTC), quick=quick)
    for figure in missed(figures):
        console.print(f"missed: {figure.what}")
    raise typer.Exit(code=1 if missed(figures) else 0)


if __name__ == "__main__":
    typer.run(main)
