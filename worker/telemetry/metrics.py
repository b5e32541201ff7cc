"""Metrics: every event is counted by one table, or named as not counted; labels are few and bounded."""

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from worker.events import Event
from worker.telemetry.instruments import TABLE, Count, Timing

#: Label sets of one instrument. What comes on top of them is counted together: a scrape stays small, whatever
#: names other producers think of.
MOST_LABEL_SETS: Final = 500
_OTHER: Final = "other"


class Metrics:
    """Implements `worker.ports.Listener`; counts into a registry."""

    def __init__(self, registry: CollectorRegistry, *, services: Iterable[str] = ()) -> None:
        """Tell what is known to come of these services as 0 from the start."""
        # a second series for each, which nobody asks for
        disable_created_metrics()  # type: ignore[no-untyped-call]
        made: dict[str, _Instrument] = {}
        self._counting: Mapping[type[Any], tuple[Callable[[Any], None], ...]] = {
            kind: tuple(_counting(row, registry, made) for row in rows) for kind, rows in TABLE.items()
        }
        for row in (row for rows in TABLE.values() for row in rows if isinstance(row, Count)):
            known = {"service": tuple(services), **row.known}
            if row.labels and known.keys() >= set(row.labels):
                for labels in product(*(known[label] for label in row.labels)):
                    made[row.name].child(labels)

    def __call__(self, event: Event) -> None:
        """Count one event."""
        for count in self._counting.get(type(event), ()):
            count(event)


class _Instrument:
    """One metric; remembers its children, because finding one again costs more than counting."""

    def __init__(self, metric: Counter | Histogram) -> None:
        self._metric = metric
        self._children: dict[tuple[str, ...], Any] = {}

    def child(self, labels: tuple[str, ...]) -> Any:  # noqa: ANN401 - a counter's or a histogram's
        found = self._children.get(labels)
        if found is None:
            if len(self._children) >= MOST_LABEL_SETS:
                labels = tuple(_OTHER for _ in labels)
            found = self._children[labels] = self._metric.labels(*labels) if labels else self._metric
        return found


def _counting(
    row: Count | Timing, registry: CollectorRegistry, made: dict[str, _Instrument]
) -> Callable[[Any], None]:
    """Return what counts an event by a row of the table; rows of the same name share their metric."""
    if row.name not in made:
        made[row.name] = _Instrument(_metric(row, registry))
    child, labels, amount = made[row.name].child, row.of, row.by

    if isinstance(row, Timing):

        def observe(event: Any) -> None:  # noqa: ANN401 - an event of the row's kind
            child(labels(event)).observe(amount(event))

        return observe

    def add(event: Any) -> None:  # noqa: ANN401 - as above
        if more := amount(event):
            child(labels(event)).inc(more)

    return add


def _metric(row: Count | Timing, registry: CollectorRegistry) -> Counter | Histogram:
    if isinstance(row, Timing):
        return Histogram(row.name, row.help, row.labels, buckets=row.buckets, registry=registry)
    return Counter(row.name, row.help, row.labels, registry=registry)
