"""What happens is counted, at a price that a delivery does not notice, in few label sets."""

import dataclasses
import typing
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from worker.events import (
    CallAnswered,
    CommandAccepted,
    CommandApplied,
    DeliveryAnswered,
    Event,
    LaneClaimed,
    ServiceHeld,
)
from worker.telemetry.metrics import MOST_LABEL_SETS, Metrics
from worker.upkeep_events import AuditRepaired

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TRACE = "ab" * 16


def counted(*events: Event) -> CollectorRegistry:
    """Return what these events count into."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for event in events:
        metrics(event)
    return registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """Return one sample."""
    return registry.get_sample_value(f"openmedia_bridge_{name}", labels)


def applied(merged: int = 0) -> CommandApplied:
    """Return a command's end, two seconds after its acceptance."""
    return CommandApplied("support", "c-1", 3, "update", "updated", 1, merged, TRACE, waited_s=2.0)


def test_a_delivery_is_counted_by_its_answer() -> None:
    """And how long it took is told in seconds."""
    registry = counted(DeliveryAnswered("support", "mail", "refused", TRACE, "", elapsed_ms=20.0))
    about = {"service": "support", "channel": "mail"}
    assert value(registry, "deliveries_total", **about, answer="refused") == 1
    assert value(registry, "delivery_seconds_sum", **about) == pytest.approx(0.02)


def test_a_call_is_counted_by_outcome_and_timed() -> None:
    """What nobody knows the outcome of is counted apart, too."""
    call = CallAnswered(
        "support", "c-1", "CreateInteraction", "apply", "Unknown", None, "", "", 1500.0, TRACE
    )
    registry = counted(call, dataclasses.replace(call, outcome="Ok", status=200))
    about = {"service": "support", "operation": "CreateInteraction"}
    assert value(registry, "api_calls_total", **about, outcome="Unknown", code="none") == 1
    assert value(registry, "api_calls_total", **about, outcome="Ok", code="200") == 1
    assert value(registry, "api_call_seconds_bucket", **about, le="2.5") == 2
    assert value(registry, "api_call_seconds_bucket", **about, le="1.0") == 0
    assert value(registry, "unknown_outcomes_total", service="support") == 1


def test_merged_updates_are_counted_one_by_one() -> None:
    """One call, three verdicts; the wait is that of the oldest."""
    registry = counted(applied(merged=2), applied())
    assert value(registry, "command_verdicts_total", service="support", verdict="applied") == 2
    assert value(registry, "command_verdicts_total", service="support", verdict="merged") == 2
    assert value(registry, "lane_wait_seconds_sum", service="support") == 4.0


def test_only_a_lane_that_was_taken_over_is_a_stolen_lease() -> None:
    """Every other claim counts as a claim."""
    claim = LaneClaimed("support", "c-1", 1, TRACE, 1, stolen=False)
    registry = counted(claim, dataclasses.replace(claim, stolen=True))
    assert value(registry, "lanes_claimed_total", service="support") == 2
    assert value(registry, "leases_stolen_total", service="support") == 1


def test_a_hold_is_counted_by_its_word() -> None:
    """The sentence itself is for people, and never a label."""
    registry = counted(ServiceHeld("support", "401 no such key: 4711", NOW))
    assert value(registry, "service_holds_total", service="support", why="key_refused") == 1
    assert b"4711" not in generate_latest(registry)


def test_repairs_count_as_many_as_there_were() -> None:
    """One event, several flaws."""
    registry = counted(AuditRepaired("support", 0, "vacant", 3, "c-1"))
    assert value(registry, "audit_repairs_total", service="support", flaw="vacant") == 3


def test_a_flood_of_names_does_not_flood_the_scrape() -> None:
    """Other producers choose the channel's name: beyond a bound they are counted together."""
    registry = counted(
        *(
            CommandAccepted("support", f"channel-{number}", "c-1", "create", 1, "r", "")
            for number in range(MOST_LABEL_SETS + 3)
        )
    )
    together = {"service": "other", "channel": "other", "kind": "other"}
    assert value(registry, "commands_accepted_total", **together) == 3
    lines = [line for line in generate_latest(registry).splitlines() if b"commands_accepted_total{" in line]
    assert len(lines) == MOST_LABEL_SETS + 1


@pytest.mark.parametrize("kind", typing.get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_can_be_counted(kind: type[Any]) -> None:
    """The table reads only fields that the event has."""
    samples = {"int": 1, "float": 1.0, "bool": True, "datetime": NOW, "int | None": 200}
    hints = typing.get_type_hints(kind)
    values = {
        each.name: samples.get(getattr(hints[each.name], "__name__", str(hints[each.name])), "word")
        for each in dataclasses.fields(kind)
    }
    Metrics(CollectorRegistry())(kind(**values))


def test_what_is_rare_is_told_as_nothing_from_the_start() -> None:
    """Prometheus sees a counter grow from 0; one that begins with its first time would hide that."""
    registry = CollectorRegistry()
    Metrics(registry, services=["support"])
    assert value(registry, "audit_repairs_total", service="support", flaw="vacant") == 0
    assert value(registry, "sweeps_total", service="support", result="refused") == 0
    assert value(registry, "leases_stolen_total", service="support") == 0
    assert value(registry, "upkeep_failures_total", task="audit") == 0
