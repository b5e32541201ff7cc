"""A lane's commands are delivered one after the other, and whatever breaks leaves the lane to its lease."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Stop, Update
from worker.drain.holds import HELD_DELAY
from worker.errors import StoreUnavailable
from worker.events import (
    CallAnswered,
    CommandApplied,
    CommandBuried,
    CommandDeferred,
    DrainFailed,
    LeaseLost,
    ServiceHeld,
)
from worker.gate_settings import RetrySettings
from worker.interactions import State
from worker.lanes import Claim, Deferral, Held, Partition, Queued, Settlement
from worker.letters import DeadCommand
from worker.operations import (
    ByExternalId,
    CreateInteraction,
    GetInteraction,
    Operation,
    StopInteraction,
    UpdateInteraction,
)
from worker.outcomes import (
    Conflict,
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Rejected,
    Snapshot,
    Unauthorized,
    Unknown,
)
from worker.store.gate import GateLimits
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore

Lay = Callable[..., SimpleNamespace]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)
LEASE = timedelta(seconds=45)
TRACE = "ab" * 16


def command(kind: type[Command], number: int, **more: Any) -> Command:  # noqa: ANN401 - the fields of any kind
    """Return the n-th command of the conversation."""
    return kind(
        service="support",
        external_id="c-1",
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
        trace_id=TRACE,
        **more,
    )


CREATE = command(Create, 1, user_data={"Subject": "Hello"})
UPDATE = command(Update, 2, changed={"Subject": "Again"})
STOP = command(Stop, 3)


def said(call: str, outcome: str, *, purpose: str = "apply", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any evidence
    """Return what the history keeps of a call."""
    return {"at": NOW.isoformat(), "call": call, "purpose": purpose, "outcome": outcome, **more}


# --- each ending -------------------------------------------------------------------------------------------


def test_what_is_applied_leaves_the_lane(bench: Lay) -> None:
    """The ledger has the row, the history its line, the listeners their fact, and nothing waits."""
    table = bench(Ok(Evidence(200, "", "req-1"), Snapshot("I9")))
    table.submit(CREATE)
    table.deliver()
    view = table.view()
    assert (view.interaction.state, view.interaction.interaction_id) == (State.OPEN, "I9")
    assert (view.pending, view.due, view.attempt) == ((), None, 0)
    assert view.history[-1].event == "applied"
    assert view.history[-1].detail == {
        "note": "created",
        "attempt": 1,
        "calls": [said("CreateInteraction", "Ok", status=200, request_id="req-1")],
    }
    assert view.history[-1].trace_id == TRACE
    assert table.told(CommandApplied) == [
        CommandApplied("support", "c-1", 1, "create", "created", attempt=1, merged=0, trace_id=TRACE)
    ]
    assert table.api.traces == [TRACE]


def test_every_call_is_told(bench: Lay) -> None:
    """Operation, purpose, outcome and evidence of each call reach the listeners."""
    table = bench(Conflict(Evidence(409, "exists", "req-1")), Unauthorized(Evidence(401)))
    table.submit(CREATE)
    table.deliver()
    first, second = table.told(CallAnswered)
    assert (first.operation, first.purpose, first.outcome) == ("CreateInteraction", "apply", "Conflict")
    assert (first.status, first.detail, first.request_id) == (409, "exists", "req-1")
    assert (second.operation, second.purpose, second.outcome) == (
        "GetInteraction",
        "after-conflict",
        "Unauthorized",
    )
    assert {event.trace_id for event in (first, second)} == {TRACE}
    assert first.elapsed_ms >= 0


def only_letter(table: SimpleNamespace) -> DeadCommand:
    """Return the one dead letter there is."""
    (head,) = asyncio.run(table.store.dead("support", limit=10))
    letter, _ = asyncio.run(table.store.letter("support", head.id))
    return letter


def test_what_failed_waits(bench: Lay) -> None:
    """The head goes back with its time, its doubt and its count, and says why."""
    table = bench(Failed(Evidence(502, "bad gateway")))
    table.submit(CREATE)
    table.deliver()
    view = table.view()
    due = NOW + timedelta(seconds=1)  # 0.5 * 2 * 2 ** 0
    assert (view.due, view.attempt, len(view.pending)) == (due, 1, 1)
    assert view.history[-1].detail == {
        "reason": "502 bad gateway",
        "due": due.isoformat(),
        "attempt": 1,
        "calls": [said("CreateInteraction", "Failed", status=502, detail="bad gateway")],
    }
    assert table.told(CommandDeferred) == [
        CommandDeferred("support", "c-1", 1, "502 bad gateway", due, attempt=1, trace_id=TRACE)
    ]
    table.clock.advance(1)
    claim = table.claim()
    assert (claim.attempt, claim.suspect) == (2, True)


def test_the_history_keeps_every_call_of_a_try(bench: Lay) -> None:
    """In order, with its purpose and its own time, without what an answer did not say."""

    async def slow(_operation: Operation) -> Outcome:
        table.clock.advance(3)
        return Ok(Evidence(200), Snapshot("I7", "c-1", "queued", {"Subject": "Other"}))

    table = bench(Conflict(Evidence(409, "exists")), slow)
    table.submit(CREATE)
    table.deliver()
    at = (NOW + timedelta(seconds=3)).isoformat()
    assert table.view().history[-1].detail["calls"] == [
        said("CreateInteraction", "Conflict", status=409, detail="exists"),
        {**said("GetInteraction", "Ok", purpose="after-conflict", status=200), "at": at},
        {**said("UpdateInteraction", "Ok", purpose="overwrite", status=200), "at": at},
    ]


def test_a_create_without_an_answer_is_read_back_at_once(bench: Lay) -> None:
    """What took effect is adopted in the same try: no delay, and no failure for the breaker."""

    async def lost(operation: Operation) -> Outcome:
        found = Snapshot("I1", "c-1", "queued", operation.user_data)
        table.api.answers.append(Ok(Evidence(200), found))
        return Unknown(Evidence(None, "connection reset"))

    table = bench(lost)
    table.submit(CREATE)
    table.deliver()
    assert [type(operation) for operation in table.api.operations] == [CreateInteraction, GetInteraction]
    (event,) = table.told(CommandApplied)
    assert (event.note, event.attempt) == ("adopted", 1)
    assert table.told(CommandDeferred) == []


def test_a_doubtful_create_is_looked_for_first(bench: Lay) -> None:
    """Not there at once may be not there yet: after a call's time the next try reads again, and creates."""
    table = bench(Unknown(Evidence()), NotFound(Evidence(404)), NotFound(Evidence(404)))
    table.submit(CREATE)
    table.deliver()
    (event,) = table.told(CommandDeferred)
    assert event.reason == "404 nothing is there after a create without an answer"
    table.clock.advance(19.9)
    assert table.claims() == ()
    table.clock.advance(0.1)
    table.deliver()
    assert [type(operation) for operation in table.api.operations] == [
        CreateInteraction,
        GetInteraction,
        GetInteraction,
        CreateInteraction,
    ]
    assert table.view().interaction.state is State.OPEN


def test_a_doubt_outlives_the_tries_that_settle_nothing(bench: Lay) -> None:
    """A hold and a refused connection later, the create is still looked for before it is repeated."""
    refused = Failed(Evidence(None, "refused"), reached=False)
    table = bench(Unknown(Evidence()), Unauthorized(Evidence(401)), refused, NotFound(Evidence(404)))
    table.submit(CREATE)
    for _ in range(3):
        table.deliver()
        table.clock.advance(60)
    assert [type(operation) for operation in table.api.operations] == [
        CreateInteraction,
        *[GetInteraction] * 3,
        CreateInteraction,
    ]


def test_an_update_that_may_have_created_is_looked_for_first(bench: Lay) -> None:
    """Its next try updates, and where there is still nothing, looks before it creates again."""
    gone = NotFound(Evidence(404))
    table = bench(gone, Unknown(Evidence()), gone, gone, gone)
    table.submit(UPDATE)
    table.deliver()
    table.clock.advance(20)
    table.deliver()
    assert [type(operation) for operation in table.api.operations] == [
        UpdateInteraction,
        CreateInteraction,
        GetInteraction,
        UpdateInteraction,
        GetInteraction,
        CreateInteraction,
    ]
    assert table.view().interaction.state is State.OPEN


def test_age_counts_from_our_acceptance(bench: Lay) -> None:
    """A sender whose clock is a year behind is tried like any other; after a day here it is over."""
    table = bench(*[Failed(Evidence(None, "refused"), reached=False)] * 3)
    table.submit(CREATE.model_copy(update={"received_at": NOW - timedelta(days=365)}))
    table.deliver()
    assert table.told(CommandBuried) == []
    table.clock.advance(24 * 3600)
    table.deliver()
    assert table.told(CommandBuried) == []
    table.clock.advance(60)
    table.deliver()
    (event,) = table.told(CommandBuried)
    assert (event.cause, event.reason) == ("exhausted", "older than 86400 s; last: refused")


def test_a_missing_key_holds_the_service(bench: Lay) -> None:
    """Nothing of the service is claimed before the hold ends, and the try does not count."""
    table = bench(Unauthorized(Evidence(401, "who are you")))
    table.submit(CREATE, command(Create, 2).model_copy(update={"external_id": "c-2"}))
    first, _second = table.claims()
    table.deliver(first)
    until = NOW + timedelta(seconds=30)
    assert table.told(ServiceHeld) == [ServiceHeld("support", "401 who are you", until)]
    backlog = asyncio.run(table.store.backlog(HOME, now=NOW))
    assert (backlog.held_until, backlog.held_because) == (until, "401 who are you")
    assert (table.view().due, table.view().attempt) == (until, 0)
    table.clock.advance(29)
    assert table.claims() == ()


def test_what_is_refused_is_buried_whole(bench: Lay) -> None:
    """The letter keeps the command and the answer; a buried update lets the lane go on."""
    table = bench(Rejected(Evidence(400, "no such key")))
    table.submit(UPDATE, STOP)
    table.deliver()
    letter = only_letter(table)
    assert (letter.cause, letter.reason, letter.attempts, letter.sequence) == (
        "rejected",
        "400 no such key",
        1,
        1,
    )
    assert (letter.command, letter.buried_at) == (UPDATE, NOW)
    assert table.told(CommandBuried) == [
        CommandBuried("support", "c-1", 1, "rejected", "400 no such key", letter.id, TRACE)
    ]
    view = table.view()
    assert view.history[-1].detail == {
        "cause": "rejected",
        "reason": "400 no such key",
        "letter": letter.id,
        "attempt": 1,
        "calls": [said("UpdateInteraction", "Rejected", status=400, detail="no such key")],
    }
    assert ([queued.sequence for queued in view.pending], view.due, view.parked) == ([2], NOW, False)


def test_a_refusal_is_no_proof_that_nothing_happened(bench: Lay) -> None:
    """The answer to an update was lost, the next try is refused: the letter says that both may be true."""
    table = bench(Ok(Evidence(200)), Unknown(Evidence(None, "reset")), Rejected(Evidence(400, "no such key")))
    table.submit(CREATE, UPDATE)
    table.deliver()
    table.clock.advance(60)
    table.deliver()
    assert only_letter(table).reason == "400 no such key; it may have taken effect before"
    assert table.told(CommandBuried)[0].reason == only_letter(table).reason


def test_what_needs_no_call_makes_none(bench: Lay) -> None:
    """An update that is older than the stop before it is done without a word to the API."""
    table = bench()
    late = UPDATE.model_copy(update={"received_at": NOW - timedelta(minutes=1)})
    table.submit(CREATE, STOP, late)
    table.deliver()
    assert [type(operation) for operation in table.api.operations] == [CreateInteraction, StopInteraction]
    assert table.told(CommandApplied)[-1].note == "superseded by the stop"
    assert table.view().interaction.state is State.ENDED


def test_too_many_claims_bury_without_a_call(bench: Lay) -> None:
    """A command whose holders died one after the other comes to an end as well."""
    table = bench()
    table.submit(CREATE)
    for _ in range(3):
        table.claim()
        table.clock.advance(46)
    table.deliver()
    assert table.api.operations == []
    (event,) = table.told(CommandBuried)
    assert (event.cause, event.reason) == (
        "exhausted",
        "tried 3 times without coming to an answer; it may have taken effect before",
    )


@pytest.mark.parametrize("held_s", [0, 25])
def test_a_burial_in_doubt_keeps_the_lane_until_the_call_is_over(bench: Lay, held_s: float) -> None:
    """What follows must not overtake a write without an answer, whatever was left of the lease by then."""
    table = bench(Ok(Evidence(200), Snapshot("I1")), Unknown(Evidence()), retry=RetrySettings(max_attempts=1))
    opened(table)
    table.submit(change(2), STOP)
    claim = table.claim()
    table.clock.advance(held_s)
    began = table.clock()

    async def wait(seconds: float) -> None:
        table.clock.advance(seconds)
        later = table.clock()
        assert await table.store.claim(HOME, limit=1, lease=LEASE, token="other", now=later) == ()

    table.desk = replace(table.desk, sleep=wait)
    table.deliver(claim)
    letter = only_letter(table)
    assert letter.buried_at == began + table.desk.longest_call
    assert letter.reason.endswith("it may have taken effect before")
    assert [queued.sequence for queued in table.view().pending] == [3]


def test_a_command_that_never_settles_is_interrupted(bench: Lay) -> None:
    """After eight calls in one go the lane goes back, in doubt, and its turn comes again."""
    busy = [Conflict(Evidence(409)), Ok(Evidence(200), Snapshot("X"))] * 5
    table = bench(*busy)
    table.submit(CREATE.model_copy(update={"on_conflict": OnConflict.FOLLOW_UP}))
    table.deliver()
    assert len(table.api.operations) == 8
    (event,) = table.told(CommandDeferred)
    assert event.reason == "still not settled after 8 calls"
    table.clock.advance(1)
    assert table.claim().suspect


# --- in order ----------------------------------------------------------------------------------------------


def test_commands_of_a_lane_go_out_strictly_in_order(bench: Lay) -> None:
    """Each begins from the ledger row that the one before it left, up to the follow-up after a stop."""
    table = bench()
    table.submit(CREATE, UPDATE, STOP, command(Update, 4, changed={"Subject": "New"}))
    table.deliver()
    kinds = [type(operation) for operation in table.api.operations]
    assert kinds == [CreateInteraction, UpdateInteraction, StopInteraction, CreateInteraction]
    assert table.api.operations[-1].external_id == "c-1~2"
    assert [event.sequence for event in table.told(CommandApplied)] == [1, 2, 3, 4]
    assert table.view().interaction.generation == 2
    assert table.view().pending == ()


def test_one_call_at_a_time(bench: Lay) -> None:
    """The second call of a lane begins after the first one's answer was written."""
    seen: list[int] = []

    async def answer(_operation: Operation) -> Outcome:
        view = await table.store.view("support", "c-1")
        assert view is not None
        seen.append(len(view.pending))
        return Ok(Evidence(200))

    table = bench(answer, answer, answer)
    table.submit(CREATE, UPDATE, STOP)
    table.deliver()
    assert seen == [3, 2, 1]


def test_a_command_that_waits_holds_up_those_behind_it(bench: Lay) -> None:
    """Nothing overtakes."""
    table = bench(Ok(Evidence(200)), Failed(Evidence(500)))
    table.submit(CREATE, UPDATE, STOP)
    table.deliver()
    assert [queued.sequence for queued in table.view().pending] == [2, 3]
    assert len(table.api.operations) == 2
    table.clock.advance(1)
    claim = table.claim()
    assert (claim.attempt, claim.suspect) == (2, True)


def test_what_lies_beyond_the_window_is_left_for_the_next_claim(bench: Lay) -> None:
    """A long lane is freed after what was read of it, and is due at once."""
    table = bench(in_window=2)
    table.submit(CREATE, UPDATE, STOP)
    table.deliver()
    assert [queued.sequence for queued in table.view().pending] == [3]
    assert table.view().due == NOW
    table.deliver()
    assert table.view().pending == ()


def test_a_process_on_its_way_out_ends_after_its_present_command(bench: Lay) -> None:
    """What was begun is settled; the rest is free for others at once."""

    async def answer(_operation: Operation) -> Outcome:
        table.stopping.raise_flag()
        return Ok(Evidence(200))

    table = bench(answer)
    table.submit(CREATE, UPDATE)
    table.deliver()
    assert len(table.api.operations) == 1
    view = table.view()
    assert ([queued.sequence for queued in view.pending], view.due) == ([2], NOW)
    assert not table.claim().suspect


# --- the lease ---------------------------------------------------------------------------------------------


class Counting(MemoryStore):
    """Counts renewals."""

    renewals = 0

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """See `worker.ports.Lanes.renew`."""
        self.renewals += 1
        return await super().renew(claim, lease=lease, now=now)


def test_a_lease_is_renewed_before_a_call_that_could_outlive_it(bench: Lay) -> None:
    """Thirty seconds into a lease of 45, a call that may take 20 begins with a renewal."""

    async def slow(_operation: Operation) -> Outcome:
        table.clock.advance(30)
        return Conflict(Evidence(409))

    async def look(_operation: Operation) -> Outcome:
        assert (await table.store.view("support", "c-1")).due == NOW + timedelta(seconds=75)
        return Ok(Evidence(200))

    table = bench(slow, look, store=Counting())
    table.submit(CREATE)
    table.deliver()
    assert table.store.renewals == 1
    assert table.view().pending == ()


def test_a_lease_begins_when_its_settlement_does(bench: Lay) -> None:
    """A worker that is frozen before it hears that it keeps the lane may have lost it meanwhile."""

    class Freezing(MemoryStore):
        async def settle(
            self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime
        ) -> Held:
            held = await super().settle(claim, settlement, lease=lease, now=now)
            table.clock.advance(46)
            await self.claim(HOME, limit=1, lease=LEASE, token="other", now=table.clock())
            return held

    table = bench(store=Freezing(Limits()), merging=False)
    table.submit(CREATE, UPDATE)
    table.deliver()
    assert [type(operation) for operation in table.api.operations] == [CreateInteraction]
    assert len(table.told(LeaseLost)) == 1


def test_a_lease_that_lapses_while_it_is_renewed_is_no_lease(bench: Lay) -> None:
    """A worker that is frozen before it hears that its lease was renewed asks once more, and is told."""

    class Freezing(MemoryStore):
        async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
            renewed = await super().renew(claim, lease=lease, now=now)
            table.clock.advance(46)
            return renewed

    table = bench(store=Freezing(Limits()))
    table.submit(CREATE)
    claim = table.claim()
    table.clock.advance(30)
    table.deliver(claim)
    assert table.api.operations == []
    assert len(table.told(LeaseLost)) == 1


def test_a_lease_that_is_long_enough_is_left_alone(bench: Lay) -> None:
    """Up to the last second in which a call still fits, nothing is renewed; settling begins a new lease."""

    async def slow(_operation: Operation) -> Outcome:
        table.clock.advance(25)
        return Ok(Evidence(200))

    table = bench(slow, slow, slow, store=Counting())
    table.submit(CREATE, UPDATE, STOP)
    table.deliver()
    assert table.store.renewals == 0
    assert table.view().pending == ()


def taken_over(table: SimpleNamespace, outcome: Outcome) -> Callable[[Operation], Any]:
    """Return an answer that comes so late that another worker has taken the lane over."""

    async def late(_operation: Operation) -> Outcome:
        table.clock.advance(46)
        token, now = "other", table.clock()
        (claim,) = await table.store.claim(HOME, limit=1, lease=LEASE, token=token, now=now)
        assert claim.suspect
        return outcome

    return late


@pytest.mark.parametrize(
    "outcome",
    [Ok(Evidence(200)), Failed(Evidence(500)), Rejected(Evidence(400)), Unauthorized(Evidence(401))],
    ids=lambda outcome: type(outcome).__name__,
)
def test_whoever_lost_the_lane_writes_nothing(bench: Lay, outcome: Outcome) -> None:
    """Whatever the late answer says, only the loss is told."""
    table = bench()
    table.api.answers.append(taken_over(table, outcome))
    table.submit(CREATE)
    table.deliver()
    assert table.told(LeaseLost) == [LeaseLost("support", "c-1", 1)]
    assert not table.told(CommandApplied) + table.told(CommandDeferred) + table.told(CommandBuried)
    view = table.view()
    assert ([line.event for line in view.history], view.attempt) == (["received"], 2)
    assert asyncio.run(table.store.dead("support", limit=10)) == ()


def test_no_call_is_made_for_a_lane_that_was_lost(bench: Lay) -> None:
    """A renewal that is refused ends the delivery before its next call."""
    table = bench()
    table.api.answers.append(taken_over(table, Conflict(Evidence(409))))
    table.submit(CREATE)
    table.deliver()
    assert len(table.api.operations) == 1
    assert table.told(LeaseLost) == [LeaseLost("support", "c-1", 1)]


# --- what breaks -------------------------------------------------------------------------------------------


class Away(MemoryStore):
    """Does not answer the verbs named here."""

    def __init__(self, *verbs: str) -> None:
        super().__init__()
        self.verbs = set(verbs)

    def _answer(self, verb: str) -> None:
        if verb in self.verbs:
            raise StoreUnavailable("the store does not answer: gone")

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """See `worker.ports.Lanes.settle`."""
        self._answer("settle")
        return await super().settle(claim, settlement, lease=lease, now=now)

    async def renew(self, claim: Claim, *, lease: timedelta, now: datetime) -> datetime | None:
        """See `worker.ports.Lanes.renew`."""
        self._answer("renew")
        return await super().renew(claim, lease=lease, now=now)

    async def defer(self, claim: Claim, deferral: Deferral, *, now: datetime) -> Held:
        """See `worker.ports.Lanes.defer`."""
        self._answer("defer")
        return await super().defer(claim, deferral, now=now)


def test_a_store_that_is_away_leaves_the_lane_to_its_lease(bench: Lay) -> None:
    """The call was made and cannot be written down: the next holder knows that it must look first."""
    table = bench(store=Away("settle"))
    table.submit(CREATE)
    table.deliver()
    assert table.told(DrainFailed) == [DrainFailed("support", "c-1", "the store does not answer: gone")]
    assert table.view().due == NOW + LEASE
    table.store.verbs.clear()
    table.clock.advance(46)
    claim = table.claim()
    assert claim.suspect
    table.deliver(claim)
    assert isinstance(table.api.operations[1], GetInteraction)


def test_a_store_that_is_away_before_a_call_costs_no_call(bench: Lay) -> None:
    """A lease that cannot be renewed is not worked under."""

    async def slow(_operation: Operation) -> Outcome:
        table.clock.advance(30)
        return Conflict(Evidence(409))

    table = bench(slow, store=Away("renew"))
    table.submit(CREATE)
    table.deliver()
    assert len(table.api.operations) == 1
    assert [event.external_id for event in table.told(DrainFailed)] == ["c-1"]


def test_a_fault_of_ours_gives_the_lane_back_in_doubt(bench: Lay) -> None:
    """The next try waits its back-off, counts, and looks before it writes."""
    table = bench(ValueError("a bug"))
    table.submit(CREATE)
    table.deliver()
    assert table.told(DrainFailed) == [DrainFailed("support", "c-1", "ValueError: a bug")]
    view = table.view()
    assert (view.due, view.attempt) == (NOW + timedelta(seconds=1), 1)
    assert view.history[-1].detail == {"reason": "a fault of the bridge"}
    table.clock.advance(1)
    claim = table.claim()
    assert (claim.attempt, claim.suspect) == (2, True)


def test_a_fault_of_ours_gives_no_call_back(bench: Lay) -> None:
    """A call that may have been made was paid for: the rate lets nothing through in its place."""
    gate = GateLimits(rate_per_s=0.001, burst=2)
    store = MemoryStore(Limits({"support": ServiceLimits(gate=gate)}))
    table = bench(Conflict(Evidence(409)), ValueError("a bug"), store=store)
    table.submit(CREATE, command(Create, 2).model_copy(update={"external_id": "c-2"}))
    (claim,) = table.claims(limit=1)
    table.deliver(claim)
    assert len(table.api.operations) == 2
    table.clock.advance(1)
    assert table.claims() == (), "the burst of two is spent"


def test_a_fault_that_stays_is_buried_in_the_end(bench: Lay) -> None:
    """A command that breaks us every time must not break us for ever."""
    table = bench(*[ValueError("a bug")] * 9)
    table.submit(CREATE)
    for _ in range(4):
        table.deliver()
        table.clock.advance(60)
    assert [event.cause for event in table.told(CommandBuried)] == ["exhausted"]
    assert len(table.api.operations) == 3


def test_a_fault_of_ours_with_the_store_away_raises_nothing(bench: Lay) -> None:
    """Both are told; the lease does the rest."""
    table = bench(ValueError("a bug"), store=Away("defer"))
    table.submit(CREATE)
    table.deliver()
    reasons = [event.reason for event in table.told(DrainFailed)]
    assert reasons == ["ValueError: a bug", "the store does not answer: gone"]
    assert table.view().due == NOW + LEASE


def test_a_fault_of_ours_in_a_lane_that_was_lost_writes_nothing(bench: Lay) -> None:
    """Not even the giving back."""

    async def breaks(operation: Operation) -> Outcome:
        await taken_over(table, Ok(Evidence(200)))(operation)
        raise ValueError("a bug")

    table = bench(breaks)
    table.submit(CREATE)
    table.deliver()
    view = table.view()
    assert ([line.event for line in view.history], view.due) == (["received"], table.clock() + LEASE)


def test_a_fault_is_told_of_the_command_that_met_it(bench: Lay) -> None:
    """The history names the command that failed, and its back-off is that of its own first try."""
    table = bench(Failed(Evidence(500)), Ok(Evidence(200)), ValueError("a bug"))
    table.submit(UPDATE, STOP)
    table.deliver()
    table.clock.advance(1)
    table.deliver()
    view = table.view()
    assert (view.history[-1].event, view.history[-1].sequence) == ("deferred", 2)
    assert view.due == NOW + timedelta(seconds=2)


# --- merging -----------------------------------------------------------------------------------------------


def change(number: int, **more: Any) -> Command:  # noqa: ANN401 - the fields of an update
    """Return the n-th update, which changes a property of its own and one that all change."""
    return command(Update, number, changed={f"P{number}": number, "Last": number}, **more)


def opened(table: SimpleNamespace) -> None:
    """Create the interaction, so that what follows finds it open."""
    table.submit(command(Create, 1))
    table.deliver()


def test_ten_waiting_updates_cost_one_call(bench: Lay) -> None:
    """The last writer of a property wins, every update is settled, and the listeners hear of all."""
    table = bench()
    opened(table)
    table.submit(*(change(number) for number in range(2, 12)))
    table.deliver()
    _create, update = table.api.operations
    everything = {**{f"P{number}": number for number in range(2, 12)}, "Last": 11}
    assert update == UpdateInteraction(ByExternalId("c-1"), changed=everything)
    event = table.told(CommandApplied)[-1]
    assert (event.sequence, event.merged, event.note) == (11, 9, "updated")
    assert event.joined == tuple((number, TRACE) for number in range(3, 12))
    assert table.view().pending == ()
    lines = table.view().history[-10:]
    assert [line.event for line in lines] == [*["merged"] * 9, "applied"]
    assert [line.sequence for line in lines] == list(range(2, 12))


def test_without_merging_each_update_has_its_call(bench: Lay) -> None:
    """A service may ask for it."""
    table = bench(merging=False)
    opened(table)
    table.submit(*(change(number) for number in range(2, 5)))
    table.deliver()
    assert [operation.changed["Last"] for operation in table.api.operations[1:]] == [2, 3, 4]
    assert [event.merged for event in table.told(CommandApplied)] == [0, 0, 0, 0]


def test_nothing_is_merged_across_a_create_or_a_stop(bench: Lay) -> None:
    """Each of them stands between the updates before it and those after it."""
    table = bench()
    opened(table)
    table.submit(
        *(change(number) for number in (2, 3)),
        command(Create, 4, user_data={"Subject": "Hello"}),
        *(change(number) for number in (5, 6)),
        command(Stop, 7),
    )
    table.deliver()
    calls = table.api.operations[1:]
    assert [type(call) for call in calls] == [
        UpdateInteraction,
        CreateInteraction,
        UpdateInteraction,
        StopInteraction,
    ]
    assert (calls[0].changed["Last"], calls[2].changed["Last"]) == (3, 6)
    assert [event.sequence for event in table.told(CommandApplied)] == [1, 3, 4, 6, 7]


def test_nothing_is_merged_on_an_interaction_that_has_ended(bench: Lay) -> None:
    """Each update is held against the stop by its own time: a late one is superseded, a new one is not."""
    table = bench()
    opened(table)
    late = change(3).model_copy(update={"received_at": NOW - timedelta(minutes=1)})
    table.submit(command(Stop, 2), late, change(4), change(5))
    table.deliver()
    assert [event.note for event in table.told(CommandApplied)] == [
        "created",
        "stopped",
        "superseded by the stop",
        "created",
        "updated",
    ]
    follow_up, update = table.api.operations[-2:]
    assert (follow_up.external_id, follow_up.user_data["Last"]) == ("c-1~2", 4)
    assert update == UpdateInteraction(ByExternalId("c-1~2"), changed={"P5": 5, "Last": 5})


def refusing(table: SimpleNamespace, guilty: str) -> Callable[[Operation], Any]:
    """Return an API that refuses every update which names a property."""

    async def answer(operation: Operation) -> Outcome:
        table.api.answers.append(answer)
        if isinstance(operation, UpdateInteraction) and guilty in operation.changed:
            return Rejected(Evidence(400, f"{guilty} is no property"))
        return Ok(Evidence(200))

    return answer


@pytest.mark.parametrize("guilty", [2, 3, 5])
def test_only_the_guilty_one_of_a_merged_call_is_buried(bench: Lay, guilty: int) -> None:
    """A refused batch is redone from its head, one command alone at a time until the refusal is found."""
    table = bench()
    opened(table)
    table.api.answers.append(refusing(table, f"P{guilty}"))
    table.submit(*(change(number) for number in range(2, 6)))
    while table.view().pending:
        table.deliver()
    letter = only_letter(table)
    assert (letter.sequence, letter.command) == (guilty, change(guilty))
    assert letter.reason == f"400 P{guilty} is no property"
    buried = next(line for line in table.view().history if line.event == "buried")
    refused = said("UpdateInteraction", "Rejected", status=400, detail=letter.reason[4:])
    assert buried.detail["calls"] == [refused] * (1 if guilty == 5 else 2)
    assert [event.sequence for event in table.told(CommandBuried)] == [guilty]
    done = {line.sequence for line in table.view().history if line.event in {"merged", "applied"}}
    assert done == {1, 2, 3, 4, 5} - {guilty}
    assert table.told(CommandDeferred) == []


def test_the_doubt_of_a_merged_call_is_that_of_each_of_its_commands(bench: Lay) -> None:
    """A batch without an answer is then refused: whichever of it is guilty, its letter tells of the doubt."""
    table = bench()
    opened(table)
    table.api.answers.append(Unknown(Evidence(None, "reset")))
    table.submit(change(2), change(3))
    table.deliver()
    table.submit(change(4))
    table.clock.advance(60)
    table.api.answers.extend(
        [Rejected(Evidence(400)), Ok(Evidence(200)), Rejected(Evidence(400)), Rejected(Evidence(400))]
    )
    table.deliver()
    assert only_letter(table).sequence == 3
    assert only_letter(table).reason == "400; it may have taken effect before"


def test_a_merged_call_that_failed_is_tried_again_whole(bench: Lay) -> None:
    """One failure, one delay; what came meanwhile goes along the next time."""
    table = bench(Ok(Evidence(200)), Failed(Evidence(500)))
    opened(table)
    table.submit(change(2), change(3))
    table.deliver()
    assert [queued.sequence for queued in table.view().pending] == [2, 3]
    (event,) = table.told(CommandDeferred)
    assert (event.sequence, event.attempt) == (2, 1)
    table.submit(change(4))
    table.clock.advance(1)
    table.deliver()
    assert [operation.changed["Last"] for operation in table.api.operations[1:]] == [3, 4]
    assert table.view().pending == ()


def test_updates_of_different_policies_are_not_merged(bench: Lay) -> None:
    """What to do with a missing interaction is each command's own."""
    table = bench(*[NotFound(Evidence(404))] * 2)
    table.submit(change(1, on_missing=OnMissing.DROP), change(2, on_missing=OnMissing.BURY), change(3))
    for _ in range(2):
        table.deliver()
    assert [event.note for event in table.told(CommandApplied)] == [
        "dropped: the interaction was never created",
        "updated",
    ]
    assert [event.sequence for event in table.told(CommandBuried)] == [2]


def test_merged_updates_follow_up_as_one(bench: Lay) -> None:
    """The interaction turns out to have ended: the batch opens the next one, under the head's marks."""
    table = bench(Ok(Evidence(200), Snapshot("I1")), NotFound(Evidence(404)))
    opened(table)
    table.submit(*(change(number, on_ended=OnEnded.FOLLOW_UP) for number in (2, 3)))
    table.deliver()
    follow_up = table.api.operations[-1]
    assert (follow_up.external_id, follow_up.parent_interaction_id) == ("c-1~2", "I1")
    assert follow_up.user_data["Last"] == 3
    assert follow_up.user_data["bridge_key"] == "mail:2"
    assert table.view().pending == ()


def test_a_batch_that_may_have_created_leaves_its_doubt_to_its_head(bench: Lay) -> None:
    """The last try of a batch ends unanswered: its first command, redone alone, looks before it creates.

    And not before the batch's create can no longer take effect.
    """
    gone, moments = NotFound(Evidence(404)), []

    def at(outcome: Outcome) -> Callable[[Operation], Awaitable[Outcome]]:
        async def answer(_: Operation) -> Outcome:
            moments.append(table.clock())
            return outcome

        return answer

    retry = RetrySettings(base_s=2, cap_s=60, max_attempts=1)
    lost = Unknown(Evidence())
    table = bench(gone, at(lost), gone, gone, at(gone), at(lost), gone, retry=retry)
    table.submit(change(1), change(2))
    table.deliver()
    one_call = table.desk.longest_call
    assert moments == [NOW, NOW + one_call, NOW + one_call]
    assert only_letter(table).buried_at == NOW + 2 * one_call
    assert [type(operation) for operation in table.api.operations[:6]] == [
        UpdateInteraction,
        CreateInteraction,
        GetInteraction,
        UpdateInteraction,
        GetInteraction,
        CreateInteraction,
    ]


# --- what a newer bridge wrote -----------------------------------------------------------------------------


def unread(queued: Queued) -> Queued:
    """Return a command as a worker sees it that does not know its format."""
    return replace(queued, command=None)


@pytest.mark.parametrize("suspect", [False, True])
def test_an_unknown_format_is_left_in_its_lane(bench: Lay, *, suspect: bool) -> None:
    """It is neither dropped nor counted, its doubt stays, and another worker may know it in half a minute."""
    table = bench()
    table.submit(CREATE)
    if suspect:
        table.claim()
        table.clock.advance(46)
    claim = table.claim()
    table.deliver(replace(claim, commands=tuple(unread(queued) for queued in claim.commands)))
    assert table.api.operations == []
    view = table.view()
    assert (view.due, view.attempt) == (table.clock() + timedelta(seconds=30), claim.attempt - 1)
    assert [line.event for line in view.history] == ["received"]
    (event,) = table.told(CommandDeferred)
    assert (event.sequence, event.reason) == (1, "a newer bridge wrote it: it is left to newer workers")
    table.clock.advance(30)
    later = table.claim()
    assert (later.suspect, later.commands[0].command) == (suspect, CREATE)


def test_what_stands_before_an_unknown_format_is_delivered(bench: Lay) -> None:
    """Only the unknown command and what follows it wait."""
    table = bench()
    table.submit(CREATE, UPDATE, STOP)
    claim = table.claim()
    known, unknown, *rest = claim.commands
    table.deliver(replace(claim, commands=(known, unread(unknown), *rest)))
    assert len(table.api.operations) == 1
    view = table.view()
    assert [queued.sequence for queued in view.pending] == [2, 3]
    assert (view.due, view.history[-1].event) == (NOW + timedelta(seconds=30), "applied")


# --- what a person holds -----------------------------------------------------------------------------------


def holding(table: Any, **channels: str) -> None:  # noqa: ANN401 - the bench's own type
    """Have channels held."""

    async def held() -> dict[str, str]:
        return channels

    table.desk = replace(table.desk, held=held)


@pytest.mark.parametrize("suspect", [False, True])
def test_what_came_by_a_held_channel_waits_in_its_lane(bench: Lay, *, suspect: bool) -> None:
    """No call is made, no try is counted, its doubt stays; let go, it is delivered."""
    table = bench()
    table.submit(CREATE)
    if suspect:
        table.claim()
        table.clock.advance(46)
    holding(table, mail="a new mapping")
    claim = table.claim()
    table.deliver(claim)
    assert table.api.operations == []
    view = table.view()
    assert (view.due, view.attempt) == (table.clock() + HELD_DELAY, claim.attempt - 1)
    assert view.history[-1].detail == {"reason": "channel mail is held: a new mapping"}
    holding(table)
    table.clock.advance(HELD_DELAY.total_seconds())
    later = table.claim()
    assert later.suspect is suspect
    table.deliver(later)
    assert table.api.operations
    assert table.view().pending == ()


def test_order_is_kept_while_another_channel_is_held(bench: Lay) -> None:
    """What stands before the held command goes out, what is behind it waits; no merge reaches over it."""
    table = bench()
    updates = [
        UPDATE.model_copy(update={"idempotency_key": f"k-{number}", "channel": channel})
        for number, channel in enumerate(("mail", "mail", "tickets", "mail"))
    ]
    table.submit(CREATE, *updates)
    holding(table, tickets="a flood")
    table.deliver()
    assert len(table.api.operations) == 2, "the create, and one call for two updates"
    assert [each.command.channel for each in table.view().pending] == ["tickets", "mail"]
