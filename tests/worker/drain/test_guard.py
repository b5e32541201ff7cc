"""A sweep's command takes effect only where everything is as the sweep saw it, up to the last moment."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.worker.drain.conftest import NOW
from worker.commands import Create, Guard, Stop, Update
from worker.drain.guard import found_before_stop, given_up, overtaken
from worker.events import CommandBuried, LeaseLost
from worker.interactions import EndedBy, Interaction, State
from worker.lanes import Way
from worker.operations import GetInteraction, Operation, StopInteraction, UpdateInteraction
from worker.outcomes import Evidence, Failed, NotFound, Ok, Outcome, Rejected, Snapshot, Unauthorized
from worker.verdicts import Applied, Proceed

if TYPE_CHECKING:
    from tests.worker.drain.conftest import Bench

Lay = Callable[..., "Bench"]
OPEN = Interaction(service="support", external_id="c-1").opened(interaction_id="I1", channel="mail", at=NOW)


def common(key: str) -> dict[str, Any]:
    """Return what every command has."""
    return {
        "service": "support",
        "external_id": "c-1",
        "idempotency_key": key,
        "channel": "mail",
        "received_at": NOW,
    }


def guard(**options: Any) -> Guard:  # noqa: ANN401 - a guard's fields
    """Return the guard of a sweep that saw what happened now."""
    return Guard(idle_since=NOW, sweep="s", **options)


def stop(**options: Any) -> Stop:  # noqa: ANN401 - a guard's fields
    """Return a sweep's stop."""
    return Stop(**common("sweep:1"), guard=guard(**options))


def swept(lay: Lay, *answers: Any, **options: Any) -> "Bench":  # noqa: ANN401 - any answer, a guard's fields
    """Return a bench on which an interaction is open and a sweep's stop waits."""
    here = lay(Ok(Evidence(200), Snapshot("I1")), *answers)
    here.submit(Create(**common("mail:1")))
    here.deliver()
    here.api.operations.clear()
    here.clock.advance(3600)
    here.submit(stop(**options))
    return here


def calls(here: "Bench") -> list[type[Operation]]:
    """Return the calls that were made."""
    return [type(each) for each in here.api.operations]


def note(here: "Bench") -> object:
    """Return what became of the last command."""
    return here.view().history[-1].detail["note"]


def test_a_look_comes_before_the_stop(bench: Lay) -> None:
    """What is there is stopped; the row says by whom."""
    here = swept(bench)
    here.deliver()
    assert calls(here) == [GetInteraction, StopInteraction]
    assert (here.view().interaction.ended_by, note(here)) == (EndedBy.SWEEP, "stopped")


@pytest.mark.parametrize("missing", [1, 2])
def test_what_somebody_else_ended_meanwhile_is_done_and_noted(bench: Lay, missing: int) -> None:
    """Found by the look, or by the stop itself: 404 is success."""
    gone = NotFound(Evidence(404))
    here = swept(bench, *[Ok(Evidence(200), Snapshot("I1"))] * (missing - 1), gone)
    here.deliver()
    assert len(calls(here)) == missing
    row = here.view().interaction
    assert (row.state, row.ended_by, note(here)) == (State.ENDED, EndedBy.ELSEWHERE, "already gone")


@pytest.mark.parametrize(
    ("options", "snapshot", "why"),
    [
        ({"states": ("Queued",)}, Snapshot("I1", state="Handling"), "left: its state is Handling"),
        ({"states": ("Queued",)}, Snapshot("I1"), "left: the answer did not tell its state"),
        ({"states": ("Queued",)}, None, "left: the answer did not tell its state"),
        ({"exempt": {"vip": ("yes", 1)}}, Snapshot("I1", user_data={"vip": 1}), "left: exempt by vip"),
    ],
)
def test_what_the_policy_exempts_is_left_alone(
    bench: Lay, options: dict[str, Any], snapshot: Snapshot | None, why: str
) -> None:
    """By the state or the user data that the look found; that is no activity, and the row counts it."""
    here = swept(bench, Ok(Evidence(200), snapshot), **options)
    here.deliver()
    assert calls(here) == [GetInteraction]
    row = here.view().interaction
    assert (row.state, row.last_activity_at, note(here)) == (State.OPEN, NOW, why)
    assert row.idleness is not None
    assert (row.idleness.left, row.idleness.left_at) == (1, here.clock())


@pytest.mark.parametrize(
    ("options", "snapshot"),
    [
        ({"states": ("Queued", "Parked")}, Snapshot("I1", state="Parked")),
        ({"exempt": {"vip": ("yes",)}}, Snapshot("I1", user_data={"vip": "no"})),
        ({}, None),
    ],
)
def test_what_the_policy_allows_is_stopped(
    bench: Lay, options: dict[str, Any], snapshot: Snapshot | None
) -> None:
    """Without states and exemptions, whatever is there."""
    here = swept(bench, Ok(Evidence(200), snapshot), **options)
    here.deliver()
    assert calls(here) == [GetInteraction, StopInteraction]


def test_an_update_that_waits_behind_the_stop_wins(bench: Lay) -> None:
    """No call is made for the stop, and none for a look."""
    here = swept(bench)
    here.submit(Update(**common("mail:2"), changed={"n": "1"}))
    here.deliver()
    assert calls(here) == [UpdateInteraction]
    assert here.view().interaction.state is State.OPEN


def test_an_update_that_comes_during_the_look_wins(bench: Lay) -> None:
    """The last look is at the store, right before the stop."""
    here = bench()

    async def meanwhile(_: Operation) -> Outcome:
        late = Update(**common("mail:2"), changed={"n": "1"})
        await here.store.append(late, receipt_id="late", now=here.clock())
        return Ok(Evidence(200), Snapshot("I1"))

    here = swept(lambda *answers: _relay(here, *answers), meanwhile)
    here.deliver()
    assert calls(here) == [GetInteraction]
    here.deliver()
    assert calls(here) == [GetInteraction, UpdateInteraction]
    assert here.view().interaction.state is State.OPEN


def _relay(here: "Bench", *answers: Outcome | Callable[[Operation], Awaitable[Outcome]]) -> "Bench":
    here.api.answers.extend(answers)
    return here


def test_a_holder_that_lost_its_lane_stops_nothing(bench: Lay) -> None:
    """Somebody whose clock is ahead has it by the time the look came home."""
    here = bench()

    async def meanwhile(_: Operation) -> Outcome:
        ahead = here.clock() + timedelta(hours=1)
        await here.store.claim(claim.partition, limit=1, lease=here.desk.lease, token="t2", now=ahead)
        return Ok(Evidence(200), Snapshot("I1"))

    here = swept(lambda *answers: _relay(here, *answers), meanwhile)
    claim = here.claim()
    here.deliver(claim)
    assert calls(here) == [GetInteraction]
    assert len(here.view().pending) == 1
    assert len(here.told(LeaseLost)) == 1


def test_a_pause_stops_what_is_on_its_way(bench: Lay) -> None:
    """The row counts it, so that a later sweep may try again."""
    here = bench()

    async def meanwhile(_: Operation) -> Outcome:
        await here.store.pause_sweeps("support", reason="wrong rule")
        return Ok(Evidence(200), Snapshot("I1"))

    here = swept(lambda *answers: _relay(here, *answers), meanwhile)
    here.deliver()
    assert (calls(here), note(here)) == ([GetInteraction], "left: sweeps are paused")


@pytest.mark.parametrize(
    "answer", [Failed(Evidence(500)), Unauthorized(Evidence(401)), Failed(Evidence(), reached=False)]
)
def test_a_look_without_an_answer_stops_nothing_yet(bench: Lay, answer: Outcome) -> None:
    """It is made again, like any other call."""
    here = swept(bench, answer)
    here.deliver()
    assert calls(here) == [GetInteraction]
    assert len(here.view().pending) == 1
    here.clock.advance(3600)
    here.deliver()
    assert calls(here) == [GetInteraction, GetInteraction, StopInteraction]


def test_a_refused_stop_is_for_a_person(bench: Lay) -> None:
    """A reason that the API does not know, say."""
    here = swept(bench, Ok(Evidence(200), Snapshot("I1")), Rejected(Evidence(400, "no such reason")))
    here.deliver()
    assert here.view().pending == ()
    assert len(here.told(CommandBuried)) == 1


def test_a_stop_that_was_replayed_after_activity_is_overtaken() -> None:
    """It stands alone in its lane, and yet it is old."""
    later = OPEN.model_copy(update={"last_activity_at": NOW + timedelta(milliseconds=1)})
    verdict = overtaken(later, stop(), younger=False)
    assert verdict == Applied(later, "overtaken: there was activity since")
    within_the_same_millisecond = OPEN.model_copy(
        update={"last_activity_at": NOW + timedelta(microseconds=999)}
    )
    assert overtaken(within_the_same_millisecond, stop(), younger=False) is None


def test_only_a_sweeps_command_is_overtaken() -> None:
    """And what has ended is somebody else's business."""
    assert overtaken(OPEN, Stop(**common("mail:9")), younger=True) is None
    ended = OPEN.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW)
    assert overtaken(ended, stop(), younger=True) is None


def test_a_clear_way_gives_nothing_up() -> None:
    """Everything else leaves the interaction alone."""
    assert given_up(OPEN, Way.CLEAR, now=NOW) is None
    assert given_up(OPEN, Way.OVERTAKEN, now=NOW) == Applied(OPEN, "overtaken: something newer waits")


def test_a_stop_without_a_guard_needs_no_look() -> None:
    """What the look found says nothing about it."""
    assert isinstance(
        found_before_stop(OPEN, Stop(**common("mail:9")), Snapshot(state="x"), now=NOW), Proceed
    )


def test_a_warning_marks_and_is_no_activity(bench: Lay) -> None:
    """It needs no look, is not merged, and the row remembers when."""
    here = bench(Ok(Evidence(200), Snapshot("I1")))
    here.submit(Create(**common("mail:1")))
    here.deliver()
    here.clock.advance(3600)
    here.submit(Update(**common("sweep:1:warn"), changed={"bridge_stale_warning": "x"}, guard=guard()))
    here.deliver()
    row = here.view().interaction
    assert (row.last_activity_at, row.channel, note(here)) == (NOW, "mail", "warned")
    assert row.idleness is not None
    assert row.idleness.warned_at == here.clock()
    here.submit(stop())
    here.deliver()
    assert here.view().interaction.ended_by is EndedBy.SWEEP


def test_a_warning_that_was_overtaken_marks_nothing(bench: Lay) -> None:
    """The update behind it is delivered alone."""
    here = bench(Ok(Evidence(200), Snapshot("I1")))
    here.submit(Create(**common("mail:1")))
    here.deliver()
    here.submit(Update(**common("sweep:1:warn"), changed={"bridge_stale_warning": "x"}, guard=guard()))
    here.submit(Update(**common("mail:2"), changed={"n": "1"}))
    here.deliver()
    (_, call) = here.api.operations
    assert isinstance(call, UpdateInteraction)
    assert call.changed == {"n": "1"}


def test_what_comes_after_a_sweeps_stop_is_news(bench: Lay) -> None:
    """Even where its sender's clock says that it is older: nobody had said that the conversation was over."""
    here = swept(bench)
    here.deliver()
    old = Update(**{**common("mail:2"), "received_at": NOW - timedelta(days=1)}, changed={"n": "1"})
    here.submit(old)
    here.deliver()
    assert (here.view().interaction.state, here.view().interaction.generation) == (State.OPEN, 2)
