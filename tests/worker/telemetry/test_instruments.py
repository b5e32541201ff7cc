"""The table of metrics covers every event, keeps to Prometheus' conventions and holds nothing personal."""

import re
import typing

import pytest

from worker.events import Event
from worker.telemetry.instruments import NOT_COUNTED, PREFIX, TABLE, Count, Timing

ROWS = [row for rows in TABLE.values() for row in rows]
#: Labels that are settings, glossary words or answers of the API: few, and nobody's data.
BOUNDED = {
    *("service", "channel", "answer", "reason", "kind", "operation", "outcome", "code", "verdict", "cause"),
    *("why", "result", "flaw", "task"),
}


@pytest.mark.parametrize("event", typing.get_args(Event), ids=lambda event: event.__name__)
def test_every_event_is_counted_or_named_as_not_counted(event: type) -> None:
    """Whoever adds an event decides what becomes of it."""
    assert (event in TABLE) != (event in NOT_COUNTED)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_names_follow_the_conventions(row: Count | Timing) -> None:
    """The prefix, lower case, base units; what only grows ends in `_total`, a time in `_seconds`."""
    assert re.fullmatch(rf"{PREFIX}[a-z_]+", row.name)
    assert row.name.endswith("_total") == isinstance(row, Count)
    assert row.name.endswith("_seconds") == isinstance(row, Timing)
    assert row.help.endswith(".")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_labels_are_bounded(row: Count | Timing) -> None:
    """No id, no key, no sentence ever becomes a label."""
    assert set(row.labels) <= BOUNDED


def test_rows_that_share_a_name_are_the_same_metric() -> None:
    """Verdicts are counted from several events into one metric."""
    said: dict[str, tuple[str, tuple[str, ...]]] = {}
    for row in ROWS:
        assert said.setdefault(row.name, (row.help, row.labels)) == (row.help, row.labels)
