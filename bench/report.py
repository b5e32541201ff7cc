"""The report: the table for people, JSON for programs, a plot for the README."""

import json
import os
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
from bench.scale import Scale

_WORDS: Mapping[bool | None, str] = {True: "yes", False: "NO", None: "-"}


def table(figures: Sequence[Figure]) -> Table:
    """Return the table: what, ours, yardstick, ratio, goal, met."""
    drawn = Table("what", "ours", "yardstick", "ratio", "goal", "met")
    for figure in figures:
        drawn.add_row(*cells(figure))
    return drawn


def markdown(figures: Sequence[Figure]) -> str:
    """Return the same table for a document."""
    return rows(("what", "ours", "yardstick", "ratio", "goal", "met"), list(map(cells, figures)))


def told(*, at: datetime, scale: Scale) -> str:
    """Return one line about the run."""
    rounds = "one round" if scale.rounds == 1 else f"medians of {scale.rounds} rounds, taken in turn"
    size = "" if scale.share == 1 else f", {scale.share:.0%} of the full load"
    machine = f"{os.cpu_count()} cores under a load of {_load():.0f}, Python {platform.python_version()}"
    return f"{at:%Y-%m-%d}, {rounds}{size}, {machine}.\n"


def _load() -> float:
    """Return how many processes wanted to run, over the last quarter of an hour."""
    return os.getloadavg()[2]


def rows(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def between(path: Path, name: str, text: str) -> None:
    """Write text between the markers of that name in a document. Raises ValueError where there are none."""
    begin, end = f"<!-- {name}: begin, written by the bench -->\n", f"<!-- {name}: end -->"
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{path} has no place marked {name!r}: it needs {begin.strip()} and {end}")
    path.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


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
        "cores": os.cpu_count(),
        "load": round(_load(), 1),
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
