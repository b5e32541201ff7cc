"""The condition of a service, judged from what its partitions say."""

from datetime import UTC, datetime, timedelta

import pytest

from bridge.moments import clock
from console.condition import Condition, Gate, summed
from worker.lanes import Backlog
from worker.pace import Bucket, Counted, Pace, Span

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUIET = Backlog(due=0, lanes=0, oldest=None)
UNTIL = NOW + timedelta(seconds=30)


def needs(condition: Condition) -> list[str]:
    """Return what needs a person."""
    return list(condition.needs(clock(utc=True)))


def test_partitions_are_taken_together() -> None:
    """Figures add up, the oldest counts, and counters are told by channel."""
    first = Backlog(due=1, lanes=2, oldest=NOW - timedelta(minutes=1), dead=1, in_flight=4)
    second = Backlog(due=2, lanes=3, oldest=NOW - timedelta(minutes=2), dead=2, in_flight=5)
    tallies = {"mail:refused": 2, "mail:ignored": 1}
    found = summed("support", [first, second, QUIET], tallies, Pace(), NOW)
    assert (found.due, found.lanes, found.dead, found.in_flight) == (3, 5, 3, 9)
    assert found.late == timedelta(minutes=2)
    assert found.counters == {"mail": {"ignored": 1, "refused": 2}}
    assert found.gate is Gate.OPEN


def test_rates_are_told_over_one_five_and_fifteen_minutes() -> None:
    """Of each thing that is counted, a minute."""
    minute = int(NOW.timestamp()) // 60 - 1
    pace = Pace({Bucket(Span.MINUTE, minute, Counted.ACCEPTED): 30})
    rates = summed("support", [QUIET], {}, pace, NOW).rates
    assert rates[Counted.ACCEPTED] == {1: 30, 5: 6, 15: 2}
    assert rates[Counted.DEAD] == {1: 0, 5: 0, 15: 0}


@pytest.mark.parametrize(
    ("backlogs", "standing"),
    [
        ([QUIET], "open"),
        ([Backlog(0, 0, None, probing=True, held_because="503 busy")], "probing because: 503 busy"),
        (
            [Backlog(0, 0, None, held_until=UNTIL, held_because="503 busy"), QUIET],
            "held until 2026-11-23 12:00:30 UTC in 1 of 2 partitions because: 503 busy",
        ),
        (
            [Backlog(0, 0, None, held_until=UNTIL, held_because="503 busy", paused="maintenance")],
            "paused because: maintenance",
        ),
    ],
)
def test_the_worst_gate_is_the_services(backlogs: list[Backlog], standing: str) -> None:
    """Paused before held before probing before open."""
    assert summed("support", backlogs, {}, Pace(), NOW).standing(clock(utc=True)) == standing


def test_a_quiet_service_needs_nobody() -> None:
    """Nor does one that is held because the API asked for time, or work that has just become due."""
    assert needs(summed("support", [QUIET], {}, Pace(), NOW)) == []
    assert needs(Condition("support", Gate.HELD, "429 slow down", UNTIL)) == []
    assert needs(Condition("support", late=timedelta(minutes=5))) == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            Condition("support", Gate.PAUSED, "x"),
            "is paused because: x; `bridge resume support` lets it go on",
        ),
        (
            Condition("support", Gate.HELD, "401 unknown key", UNTIL),
            "refuses the API key (401 unknown key); mend services.support.api_key, it goes on by itself",
        ),
        (
            Condition("support", Gate.PROBING, "403"),
            "refuses the API key (403); mend services.support.api_key, it goes on by itself",
        ),
        (Condition("support", dead=1), "has 1 dead letter; `bridge dead list support` tells which"),
        (Condition("support", dead=2), "has 2 dead letters; `bridge dead list support` tells which"),
        (
            Condition("support", late=timedelta(minutes=6)),
            "has had work waiting for 6 min; do the workers and the beat run?",
        ),
        (
            Condition("support", Gate.PROBING, "503", late=timedelta(minutes=6)),
            "has had work waiting for 6 min; probing because: 503",
        ),
    ],
)
def test_what_needs_a_person_comes_with_what_to_do(condition: Condition, said: str) -> None:
    """One sentence for each."""
    assert needs(condition) == [said]
