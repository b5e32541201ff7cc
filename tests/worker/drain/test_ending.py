"""Each ending is written once, with its lines of history, and told only if it was written."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from worker.commands import Command, Create, Update
from worker.drain.ending import Ended, Head, write
from worker.drain.merge import merge
from worker.events import BreakerOpened, CommandApplied, CommandBuried, CommandDeferred, ServiceHeld
from worker.interactions import EndedBy, Interaction
from worker.lanes import Entry, Held, Partition
from worker.store.gate import GateLimits
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.verdicts import Again, Applied, Bury, Ending, Hold

Lay = Callable[..., SimpleNamespace]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEW = Interaction(service="support", external_id="c-1")
OPEN = NEW.opened(interaction_id="I1", channel="mail", at=NOW)
ENDED = OPEN.ended(by=EndedBy.BRIDGE, tombstone=NOW, at=NOW)
#: What stays known of two calls.
CALLS = ({"call": "CreateInteraction", "status": 409}, {"call": "GetInteraction", "status": 200})


def command(kind: type[Command], number: int) -> Command:
    """Return the n-th command of the conversation."""
    return kind(
        service="support",
        external_id="c-1",
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
        trace_id=f"{number:032x}",
    )


def head_of(table: SimpleNamespace, interaction: Interaction = NEW) -> Head:
    """Claim the lane and return its head."""
    claim = table.claim()
    first = claim.commands[0]
    assert first.command is not None
    return Head(claim, (first,), first.command, interaction, claim.attempt)


def merged_of(table: SimpleNamespace, interaction: Interaction = OPEN) -> Head:
    """Claim the lane, which holds updates, and return them as one."""
    claim = table.claim()
    updates = [each.command for each in claim.commands]
    return Head(claim, claim.commands, merge(updates), interaction, claim.attempt)


def end(table: SimpleNamespace, head: Head, verdict: Ending, *, keep: bool = False) -> Held:
    """Write the ending of two calls."""
    return asyncio.run(write(table.desk, head, Ended(verdict, CALLS), keep=keep))


def last_line(table: SimpleNamespace) -> Entry:
    """Return the newest line of the conversation's history."""
    return table.view().history[-1]


ENDINGS = {
    "applied": (Applied(OPEN, "created"), CommandApplied),
    "again": (Again(5, "500", suspect=True), CommandDeferred),
    "hold": (Hold(5, "401"), CommandDeferred),
    "bury": (Bury("rejected", "400"), CommandBuried),
}


@pytest.mark.parametrize(("ending", "fact"), ENDINGS.values(), ids=ENDINGS.keys())
def test_an_ending_is_told_if_it_was_written(bench: Lay, ending: Ending, fact: type) -> None:
    """The holder's ending is a fact; that of one who lost the lane is none."""
    table = bench()
    table.submit(command(Create, 1))
    stale = head_of(table)
    table.clock.advance(46)
    present = head_of(table)
    assert end(table, stale, ending) is Held.STALE
    assert table.told(fact) == []
    end(table, present, ending)
    assert [event.sequence for event in table.told(fact)] == [1]


DETAILS = {
    "applied": (Applied(OPEN, "created"), "applied", {"note": "created"}),
    "again": (
        Again(5, "500", suspect=True),
        "deferred",
        {"reason": "500", "due": "2026-11-23T12:00:05+00:00"},
    ),
    "hold": (Hold(5, "401"), "deferred", {"reason": "401", "due": "2026-11-23T12:00:05+00:00"}),
    "bury": (
        Bury("rejected", "400"),
        "buried",
        {"cause": "rejected", "reason": "400", "letter": "id2"},
    ),
}


@pytest.mark.parametrize(("ending", "event", "facts"), DETAILS.values(), ids=DETAILS.keys())
def test_the_history_keeps_the_evidence_of_every_call(
    bench: Lay, ending: Ending, event: str, facts: dict[str, str]
) -> None:
    """What happened, at which try, with which calls, under the trace of the command."""
    table = bench()
    table.submit(command(Create, 1))
    end(table, head_of(table), ending)
    line = last_line(table)
    assert (line.at, line.event, line.sequence) == (NOW, event, 1)
    assert line.trace_id == command(Create, 1).trace_id
    assert line.detail == {**facts, "attempt": 1, "calls": [dict(call) for call in CALLS]}


def test_every_merged_update_has_its_line(bench: Lay) -> None:
    """The older ones say into which they went; the last one has the evidence, and one fact tells of all."""
    table = bench()
    table.submit(*(command(Update, number) for number in (1, 2, 3)))
    assert end(table, merged_of(table), Applied(OPEN, "updated")) is Held.EMPTY
    lines = table.view().history[3:]
    assert [(line.event, line.sequence) for line in lines] == [("merged", 1), ("merged", 2), ("applied", 3)]
    assert [line.trace_id for line in lines] == [command(Update, number).trace_id for number in (1, 2, 3)]
    assert [line.detail for line in lines[:2]] == [{"into": 3}, {"into": 3}]
    assert lines[2].detail["note"] == "updated"
    (event,) = table.told(CommandApplied)
    assert (event.sequence, event.merged, event.trace_id) == (3, 2, command(Update, 1).trace_id)


@pytest.mark.parametrize("ending", [Again(5, "500"), Hold(5, "401")], ids=["again", "hold"])
def test_merged_updates_that_wait_all_stay(bench: Lay, ending: Ending) -> None:
    """The delay is that of the head; the lane is as it was, and nothing of it is called merged."""
    table = bench()
    table.submit(command(Update, 1), command(Update, 2))
    assert end(table, merged_of(table), ending) is Held.WAITING
    assert [queued.sequence for queued in table.view().pending] == [1, 2]
    assert [line.event for line in table.view().history] == ["received", "received", "deferred"]
    assert last_line(table).sequence == 1
    assert [event.sequence for event in table.told(CommandDeferred)] == [1]


def fragile() -> MemoryStore:
    """Return a store whose service breaks at the second of two failed calls."""
    limits = GateLimits(breaker_calls=2, breaker_ratio=1, breaker_window_ms=60_000, breaker_open_ms=15_000)
    return MemoryStore(Limits({"support": ServiceLimits(gate=limits)}))


def test_the_failure_that_opens_the_breaker_is_told(bench: Lay) -> None:
    """Once, with what the last call said, after the lane was written; nothing is claimed while it is open."""
    table = bench(store=fragile())
    table.submit(command(Create, 1))
    assert end(table, head_of(table), Again(5, "500 first")) is Held.WAITING
    assert table.told(BreakerOpened) == []
    table.clock.advance(5)
    assert end(table, head_of(table), Again(5, "500 second")) is Held.TRIPPED
    assert table.told(BreakerOpened) == [BreakerOpened("support", "500 second")]
    assert [event.reason for event in table.told(CommandDeferred)] == ["500 first", "500 second"]
    table.clock.advance(14)
    assert table.claims() == ()
    table.clock.advance(1)
    assert len(table.claims()) == 1


@pytest.mark.parametrize(
    "answered",
    [Again(5, "409", failed=False), Hold(5, "401"), Bury("rejected", "400"), Applied(OPEN, "updated")],
    ids=["again", "hold", "bury", "applied"],
)
def test_an_answer_opens_no_breaker(bench: Lay, answered: Ending) -> None:
    """A service that refuses, asks for patience or obeys has not failed."""
    table = bench(store=fragile())
    for number in range(1, 6):
        table.submit(command(Update, number))
        end(table, head_of(table, OPEN), answered)
        table.clock.advance(6)
    assert table.told(BreakerOpened) == []
    assert len(table.claims()) == (0 if isinstance(answered, Bury | Applied) else 1)


def test_a_burial_for_failures_weighs_as_one(bench: Lay) -> None:
    """The last failed try of a command counts like those before it."""
    table = bench(store=fragile())
    table.submit(command(Update, 1), command(Update, 2))
    for _ in range(2):
        end(table, head_of(table, OPEN), Bury("exhausted", "500", failed=True))
    backlog = asyncio.run(table.store.backlog(Partition("support", 0), now=NOW))
    assert backlog.held_until == NOW + timedelta(seconds=15)
    assert backlog.held_because == "breaker: 2 of 2 calls failed"
    assert table.told(BreakerOpened) == [BreakerOpened("support", "500")], "told like any other"
    assert len(table.told(CommandBuried)) == 2


@pytest.mark.parametrize("keep", [False, True])
def test_only_an_applied_command_can_keep_the_lane(bench: Lay, *, keep: bool) -> None:
    """A lane with more to do is kept on demand; every other ending gives it back."""
    table = bench()
    table.submit(command(Create, 1), command(Update, 2))
    held = end(table, head_of(table), Applied(OPEN, "created"), keep=keep)
    assert held is (Held.KEPT if keep else Held.WAITING)
    table.clock.advance(46)
    assert end(table, head_of(table), Again(5, "500"), keep=True) is Held.WAITING


@pytest.mark.parametrize(("counted", "attempt"), [(True, 1), (False, 0)])
def test_a_later_try_keeps_what_the_verdict_says(bench: Lay, *, counted: bool, attempt: int) -> None:
    """Delay, doubt and count reach the lane."""
    table = bench()
    table.submit(command(Create, 1))
    again = Again(5, "500", suspect=True, counted=counted)
    end(table, head_of(table), again)
    assert (table.view().due, table.view().attempt) == (NOW + timedelta(seconds=5), attempt)
    table.clock.advance(5)
    assert table.claim().suspect


@pytest.mark.parametrize("suspect", [False, True])
def test_a_hold_does_not_count_and_keeps_the_doubt(bench: Lay, *, suspect: bool) -> None:
    """The service is shut first, then the lane given back."""
    table = bench()
    table.submit(command(Create, 1))
    end(table, head_of(table), Hold(5, "401", suspect=suspect))
    until = NOW + timedelta(seconds=5)
    assert table.events == [
        ServiceHeld("support", "401", until),
        CommandDeferred("support", "c-1", 1, "401", until, attempt=1, trace_id=f"{1:032x}"),
    ]
    assert table.view().attempt == 0
    table.clock.advance(5)
    assert table.claim().suspect is suspect


@pytest.mark.parametrize(
    ("kind", "interaction", "parked"),
    [
        (Create, NEW, True),
        (Create, ENDED, True),
        (Create, OPEN, False),
        (Update, NEW, False),
        (Update, OPEN, False),
    ],
)
def test_a_buried_create_parks_its_lane(
    bench: Lay, kind: type[Command], interaction: Interaction, *, parked: bool
) -> None:
    """Updates without their interaction help nobody; where there is one, they go on."""
    table = bench()
    table.submit(command(kind, 1), command(Update, 2))
    end(table, head_of(table, interaction), Bury("rejected", "400"))
    view = table.view()
    assert (view.parked, len(view.pending)) == (parked, 1)
    assert (view.due is None) is parked
