"""Each ending is written once, with its line of history, and told only if it was written."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from worker.commands import Command, Create, Update
from worker.drain.ending import Head, write
from worker.events import CommandApplied, CommandBuried, CommandDeferred, ServiceHeld
from worker.interactions import EndedBy, Interaction
from worker.lanes import Held
from worker.verdicts import Again, Applied, Bury, Ending, Hold

Lay = Callable[..., SimpleNamespace]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEW = Interaction(service="support", external_id="c-1")
OPEN = NEW.opened(interaction_id="I1", channel="mail", at=NOW)
ENDED = OPEN.ended(by=EndedBy.BRIDGE, tombstone=NOW, at=NOW)


def command(kind: type[Command], number: int) -> Command:
    """Return the n-th command of the conversation."""
    return kind(
        service="support",
        external_id="c-1",
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
    )


def head_of(table: SimpleNamespace, interaction: Interaction = NEW) -> Head:
    """Claim the lane and return its head."""
    claim = table.claim()
    first = claim.commands[0]
    assert first.command is not None
    return Head(claim, first.sequence, first.command, interaction, claim.attempt)


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
    assert asyncio.run(write(table.desk, stale, ending, keep=False)) is Held.STALE
    assert table.told(fact) == []
    asyncio.run(write(table.desk, present, ending, keep=False))
    assert [event.sequence for event in table.told(fact)] == [1]


@pytest.mark.parametrize("keep", [False, True])
def test_only_an_applied_command_can_keep_the_lane(bench: Lay, *, keep: bool) -> None:
    """A lane with more to do is kept on demand; every other ending gives it back."""
    table = bench()
    table.submit(command(Create, 1), command(Update, 2))
    held = asyncio.run(write(table.desk, head_of(table), Applied(OPEN, "created"), keep=keep))
    assert held is (Held.KEPT if keep else Held.WAITING)
    table.clock.advance(46)
    again = asyncio.run(write(table.desk, head_of(table), Again(5, "500"), keep=True))
    assert again is Held.WAITING


@pytest.mark.parametrize(("counted", "attempt"), [(True, 1), (False, 0)])
def test_a_later_try_keeps_what_the_verdict_says(bench: Lay, *, counted: bool, attempt: int) -> None:
    """Delay, doubt and count reach the lane."""
    table = bench()
    table.submit(command(Create, 1))
    again = Again(5, "500", suspect=True, counted=counted)
    asyncio.run(write(table.desk, head_of(table), again, keep=False))
    assert (table.view().due, table.view().attempt) == (NOW + timedelta(seconds=5), attempt)
    table.clock.advance(5)
    assert table.claim().suspect


@pytest.mark.parametrize("suspect", [False, True])
def test_a_hold_does_not_count_and_keeps_the_doubt(bench: Lay, *, suspect: bool) -> None:
    """The service is shut first, then the lane given back."""
    table = bench()
    table.submit(command(Create, 1))
    asyncio.run(write(table.desk, head_of(table), Hold(5, "401", suspect=suspect), keep=False))
    until = NOW + timedelta(seconds=5)
    assert table.events == [
        ServiceHeld("support", "401", until),
        CommandDeferred("support", "c-1", 1, "401", until, attempt=1, trace_id=""),
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
    asyncio.run(write(table.desk, head_of(table, interaction), Bury("rejected", "400"), keep=False))
    view = table.view()
    assert (view.parked, len(view.pending)) == (parked, 1)
    assert (view.due is None) is parked
