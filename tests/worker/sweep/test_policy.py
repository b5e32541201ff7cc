"""Each interaction is stopped, warned or left alone for one reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worker.interactions import EndedBy, Interaction
from worker.sweep.policy import Limits, What, decide, idleness_of
from worker.sweep_settings import SweepRules
from worker.sweeps import Idle

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Interaction(service="support", external_id="c-1").opened(
    interaction_id="I1", channel="mail", at=NOW - 100 * HOUR
)


def idle(hours: float, interaction: Interaction | None = OPEN, *, waiting: int = 0) -> Idle:
    """Return an interaction idle for so many hours."""
    return Idle("c-1", NOW - hours * HOUR, interaction, waiting)


def limits(**rules: Any) -> Limits:  # noqa: ANN401 - settings
    """Return limits of three hours, with other rules besides."""
    return Limits.at(SweepRules.model_validate({"idle_s": 3 * 3600, **rules}), NOW)


def test_idle_for_long_enough_is_stale() -> None:
    """To the moment."""
    assert decide(idle(3), limits()).what is What.STOP
    assert decide(idle(3), limits()).why == "idle for 3 h"
    assert decide(idle(2.999), limits()).why == "not idle for long enough"


@pytest.mark.parametrize(
    ("found", "rules", "why"),
    [
        (idle(5), {"enabled": False}, "not swept: its channel says so"),
        (idle(5, None), {}, "a newer bridge wrote it"),
        (idle(5, waiting=1), {}, "commands wait in its lane"),
        (idle(5, OPEN.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW)), {}, "not open"),
        (idle(5), {"older_s": 101 * 3600}, "not open for long enough"),
        (idle(5, OPEN.left_alone(at=NOW - HOUR / 2)), {}, "left alone a short while ago"),
        (idle(5), {"quiet_hours": "11:00-13:00"}, "quiet hours"),
        (idle(5, OPEN.warned(at=NOW - HOUR / 2)), {"warn_before_s": 3600}, "warned a short while ago"),
        (idle(2.5, OPEN.warned(at=NOW - 2 * HOUR)), {"warn_before_s": 3600}, "not idle for long enough"),
    ],
)
def test_what_is_left_alone_has_a_reason(found: Idle, rules: dict[str, Any], why: str) -> None:
    """One of a few, so that they can be counted."""
    decision = decide(found, limits(**rules))
    assert (decision.what, decision.why) == (What.LEAVE, why)


def test_a_warning_comes_first_and_has_its_time() -> None:
    """Also where the interaction is long overdue: nobody is stopped unwarned."""
    rules = limits(warn_before_s=3600)
    assert decide(idle(1.9), rules).what is What.LEAVE
    assert decide(idle(2), rules).what is What.WARN
    assert decide(idle(50), rules).what is What.WARN
    warned = OPEN.warned(at=NOW - HOUR)
    assert decide(idle(3, warned), rules).what is What.STOP
    assert decide(idle(3, warned), rules).why == "idle for 3 h, warned 1 h ago"


def test_what_sweeps_did_before_the_last_activity_counts_no_more() -> None:
    """A new idle period has its own warning, and its own count."""
    before = OPEN.warned(at=NOW - 9 * HOUR).left_alone(at=NOW - 9 * HOUR)
    assert decide(idle(8, before), limits(warn_before_s=3600)).what is What.WARN
    assert (idleness_of(idle(8, before)).left, idleness_of(idle(10, before)).left) == (0, 1)


def test_what_was_left_alone_is_looked_at_again() -> None:
    """After a while."""
    assert decide(idle(5, OPEN.left_alone(at=NOW - HOUR)), limits(again_s=3600)).what is What.STOP


def test_business_time_is_the_time_that_counts() -> None:
    """Monday noon: five hours are the four of today and one of Friday."""
    office = limits(idle_s=5 * 3600, calendar={"hours": "08:00-18:00"})
    assert decide(idle(60), office).what is What.LEAVE
    assert decide(idle(67), office).what is What.STOP


def test_what_is_not_swept_is_not_looked_for() -> None:
    """Nothing was active before the beginning."""
    assert limits(enabled=False).looks_until.year == 1970
    assert limits(warn_before_s=3600).looks_until == NOW - 2 * HOUR
