"""The report: the table for people, JSON for programs, a plot for the README."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pygal
from pygal.style import CleanStyle
from rich.table import Table

from bench.figure import Figure

_WORDS: Mapping[bool | None, str] = {True: "yes", False: "NO", None: "-"}


def table(figures: Sequence[Figure]) -> Table:
    """Return the table: what, ours, yardstick, ratio, goal, met."""
    drawn = Table("what", "ours", "yardstick", "ratio", "goal", "met")
    for figure in figures:
        drawn.add_row(*cells(figure))
    return drawn


def markdown(figures: Sequence[Figure]) -> str:
    """Return the same table for a document."""
    rows = [
        ("what", "ours", "yardstick", "ratio", "goal", "met"),
        ("---",) * 6,
        *map(cells, figures),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def cells(figure: Figure) -> tuple[str, ...]:
    """Return the row of one figure."""
    other = f"{figure.against} {_short(_median(figure.yardstick))}".strip() if figure.yardstick else "-"
    return (
        figure.what,
        f"{_short(figure.value)} {figure.unit}",
        other,
        f"{figure.ratio:.3g}" if figure.yardstick else "-",
        str(figure.goal) if figure.goal else "-",
        _WORDS[figure.met],
    )


def write(figures: Sequence[Figure], directory: Path, *, at: datetime, quick: bool) -> None:
    """Write `bench.json`, `bench.md` and `bench.svg`."""
    directory.mkdir(parents=True, exist_ok=True)
    facts: dict[str, Any] = {
        "at": at.isoformat(timespec="seconds"),
        "quick": quick,
        "python": platform.python_version(),
        "figures": [
            {
                **asdict(each),
                "median": each.value,
                "ratio": each.ratio if each.yardstick else None,
                "met": each.met,
            }
            for each in figures
        ],
    }
    (directory / "bench.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    (directory / "bench.md").write_text(markdown(figures), encoding="utf-8")
    (directory / "bench.svg").write_bytes(_plot(figures))


def _plot(figures: Sequence[Figure]) -> bytes:
    """Draw how far each figure is above its goal: 1 is the goal itself, whichever way it points."""
    chart = pygal.HorizontalBar(
        style=CleanStyle,
        legend_at_bottom=True,
        show_legend=False,
        logarithmic=True,
        js=[],
        explicit_size=True,
    )
    chart.title = "How far beyond its goal each figure is (1 = the goal)"
    held = [figure for figure in figures if figure.goal is not None]
    chart.x_labels = [figure.what for figure in held]
    chart.add("margin", [_margin(figure) for figure in held])
    drawn: bytes = chart.render()
    return drawn


def _margin(figure: Figure) -> float:
    if figure.goal is None:
        return 1.0
    value = figure.ratio if figure.of_ratio else figure.value
    share = (
        value / figure.goal.bound if figure.goal.sense == "at least" else figure.goal.bound / max(value, 1e-9)
    )
    return round(share, 3)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
