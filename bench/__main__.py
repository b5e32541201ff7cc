"""`python -m bench`: measure, print the table, write the evidence, and fail when a goal is missed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import report
from bench.experiments import (
    cost,
    delivery,
    fairness,
    intake,
    live,
    mail,
    memory,
    noops,
    start,
    sweep,
    waiting,
)
from bench.figure import Figure, missed
from bench.scale import FULL, QUICK, Scale
from bench.scaling import Costs, table

EXPERIMENTS: Mapping[str, Callable[[Scale], list[Figure]]] = {
    "waiting": waiting.measure,
    "delivery": delivery.measure,
    "intake": intake.measure,
    "mail": mail.measure,
    "live": live.measure,
    "fairness": fairness.measure,
    "memory": memory.measure,
    "sweep": sweep.measure,
    "start": start.measure,
    "cost": cost.measure,
    "noops": noops.measure,
}


def main(
    *,
    only: Annotated[list[str] | None, typer.Argument(help="Some experiments; all without.")] = None,
    quick: Annotated[bool, typer.Option(help="A look under a minute instead of a measurement.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write JSON, Markdown and a plot there.")] = None,
    readme: Annotated[Path | None, typer.Option(help="Write the table into this document, too.")] = None,
    scaling: Annotated[Path | None, typer.Option(help="Write what follows into this document.")] = None,
) -> None:
    """Measure what we claim about speed, each figure beside its yardstick."""
    console, now = Console(), datetime.now(UTC)
    scale = QUICK if quick else FULL
    figures: list[Figure] = []
    for name, measure in EXPERIMENTS.items():
        if not only or name in only:
            console.print(f"[dim]{name} …[/dim]")
            figures += measure(scale)
    console.print(report.table(figures))
    if out:
        report.write(figures, out, at=now, quick=quick)
    if readme:
        report.between(readme, "bench", f"{report.told(at=now, scale=scale)}\n{report.markdown(figures)}")
    if scaling:
        costs = Costs.of({figure.what: figure.value for figure in figures})
        report.between(scaling, "scaling", table(costs))
    for figure in missed(figures):
        console.print(f"missed: {figure.what}")
    raise typer.Exit(code=1 if missed(figures) else 0)


if __name__ == "__main__":
    typer.run(main)
