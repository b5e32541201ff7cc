"""A record tells what a sweep saw, and names the first of what it chose."""

from collections import Counter
from datetime import UTC, datetime

from worker.interactions import Interaction
from worker.sweep.policy import Decision, What
from worker.sweep.record import done, record
from worker.sweep.search import Chosen, Found
from worker.sweep_settings import SweepRules
from worker.sweeps import Idle, Result, Sweep

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def chosen(name: str, what: What) -> Chosen:
    """Return an interaction that was chosen."""
    row = Interaction(service="support", external_id=name)
    return Chosen(Idle(name, NOW, row, 0), Decision(what, "idle for 8 d"), SweepRules())


FOUND = Found(
    stops={"c-1": chosen("c-1", What.STOP)},
    warnings={"c-2": chosen("c-2", What.WARN)},
    left=Counter({"quiet hours": 3}),
    looked=5,
    partial=True,
)


def told(named: int | None) -> Sweep:
    """Return the record of what was found."""
    return record(FOUND, service="support", sweep="s", by="person", now=NOW, open_count=9, named=named)


def test_a_record_survives_the_store() -> None:
    """As JSON, without what it does not say."""
    whole = told(None)
    assert Sweep.model_validate_json(whole.model_dump_json(exclude_defaults=True)) == whole
    assert (whole.result, whole.stale, whole.looked, whole.open, whole.partial) == (
        Result.DONE,
        1,
        5,
        9,
        True,
    )
    assert whole.left == {"quiet hours": 3}


def test_a_record_names_the_first_ones() -> None:
    """Stops before warnings."""
    assert [(each.external_id, each.what) for each in told(None).named] == [("c-1", "stop"), ("c-2", "warn")]
    assert [each.external_id for each in told(1).named] == ["c-1"]


def test_the_event_has_no_names() -> None:
    """Only figures."""
    event = done(told(None).model_copy(update={"stops": 1, "warnings": 1}))
    assert (event.service, event.sweep, event.by, event.result) == ("support", "s", "person", "done")
    assert (event.open, event.looked, event.stops, event.warnings, event.overtaken) == (9, 5, 1, 1, 0)
