"""The dashboard shows metrics that there are, and all of them."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery import Celery
from prometheus_client import CollectorRegistry

from worker.lanes import Backlog
from worker.telemetry.celery_tasks import CeleryTasks
from worker.telemetry.gauges import Standing, StoreGauges
from worker.telemetry.instruments import PREFIX
from worker.telemetry.metrics import Metrics

DASHBOARD = Path(__file__).parents[2] / "deploy" / "dashboards" / "openmedia-bridge.json"
_HISTOGRAM = ("_bucket", "_sum", "_count")


def told() -> set[str]:
    """Return the name of every metric of ours, as a scrape has it: a histogram's with its suffixes."""
    registry = CollectorRegistry()
    Metrics(registry)
    CeleryTasks(Celery("test", broker="memory://", set_as_current=False), registry)
    standing = Standing(
        {"support": [Backlog(0, 0, None)]}, {}, frozenset(), datetime(2026, 11, 23, tzinfo=UTC)
    )
    registry.register(StoreGauges(lambda: standing, channels=[], fresh_s=60))
    return set(_names(registry.collect()))


def _names(metrics: Iterable[Any]) -> Iterator[str]:
    for metric in metrics:
        if metric.type == "histogram":
            yield from (f"{metric.name}{suffix}" for suffix in _HISTOGRAM)
        else:
            yield f"{metric.name}_total" if metric.type == "counter" else metric.name


def used(text: str) -> set[str]:
    """Return the name of every metric of ours in a text."""
    return set(re.findall(rf"\b{PREFIX}[a-z_]+", text))


def panels() -> list[dict[str, Any]]:
    """Return what the dashboard shows."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    """A misspelt name would be an empty panel for ever."""
    assert used(DASHBOARD.read_text()) <= told()


def test_the_dashboard_leaves_nothing_out() -> None:
    """Whoever adds a metric decides where it is seen."""
    shown = {re.sub(r"_bucket$", "", name) for name in used(DASHBOARD.read_text())}
    assert {name for name in told() if not name.endswith(_HISTOGRAM)} <= shown
    assert {name.removesuffix("_bucket") for name in told() if name.endswith("_bucket")} <= shown


def test_panels_are_told_apart_and_do_not_cover_one_another() -> None:
    """Each has its own id and place."""
    every = panels()
    assert len({panel["id"] for panel in every}) == len(every)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in every)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_data_source_is_the_readers_choice() -> None:
    """No panel names one of somebody else's Grafana."""
    sources = {panel["datasource"]["uid"] for panel in panels()}
    assert sources == {"${datasource}"}
