"""One lane's delivery: its commands, one after the other, each to its verdict.

Whatever breaks here leaves the lane leased, and a lapsed lease is how another worker learns that something
broke: nothing needs to be cleaned up for the promise to hold.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from time import perf_counter

from pydantic import JsonValue

from worker.drain.backoff import delay_s
from worker.drain.desk import Desk
from worker.drain.ending import Ended, Head, write
from worker.drain.guard import given_up, overtaken, writes
from worker.drain.holds import HELD_DELAY
from worker.drain.judge import Case, judge
from worker.drain.merge import merge, mergeable
from worker.drain.plan import plan
from worker.errors import StoreUnavailable
from worker.events import CallAnswered, CommandDeferred, DrainFailed, LeaseLost
from worker.interactions import Interaction, State
from worker.lanes import Claim, Deferral, Entry, Held, Queued, Way
from worker.operations import Step
from worker.outcomes import Outcome
from worker.verdicts import Again, Applied, Bury, Proceed

#: Calls one command may need in one go: a conflict, a look, a follow-up, and once more for a busy sender.
_MOST_STEPS = 8
#: How long a command in a format unknown to this worker waits for one that knows it.
_UNKNOWN_FORMAT_DELAY = timedelta(seconds=30)
_STOPS = "the worker stops"
#: The hand of somebody who delivers one lane.
_OWN: AbstractAsyncContextManager[None] = nullcontext()


async def deliver(desk: Desk, claim: Claim, hand: AbstractAsyncContextManager[bool | None] = _OWN) -> None:
    """Work on a claimed lane until it is empty, waits, or is lost. Never raises for what can go wrong.

    `hand` is held while calls are made; entering it says whether it had to be waited for.
    """
    place = _Place(claim.commands, claim.interaction, claim.attempt, claim.suspect)
    try:
        await _deliver(desk, claim, place, hand)
    except _LaneLost:
        desk.listen(LeaseLost(desk.service, claim.external_id, claim.fence))
    except StoreUnavailable as error:
        # Nothing can be written: the lease lapses, and the next holder reads before it writes.
        desk.listen(DrainFailed(desk.service, claim.external_id, str(error)))
    except Exception as error:  # noqa: BLE001 - a fault of ours must not take the other lanes along
        desk.listen(DrainFailed(desk.service, claim.external_id, f"{type(error).__name__}: {error}"))
        reason, wait = "a fault of the bridge", _delay(desk, place.attempt)
        await _give_back(desk, claim, place.waiting[0], reason, wait, suspect=True, calls=place.calls)


class _LaneLost(Exception):
    """The lane is no longer ours."""


@dataclass(slots=True)
class _Place:
    """Where a holder stands in its claim."""

    waiting: tuple[Queued, ...]
    interaction: Interaction
    attempt: int
    suspect: bool
    #: Calls begun for the present head.
    calls: int = 0
    #: Up to this sequence the commands went out as one call, which may have taken effect.
    doubted: int = 0


async def _deliver(
    desk: Desk, claim: Claim, place: _Place, hand: AbstractAsyncContextManager[bool | None]
) -> None:
    lease = _Lease(desk, claim)
    while place.waiting:
        holds = await desk.held()
        head = _head(desk, claim, place, holds)
        if head is None:
            await _leave(desk, claim, place, holds)
            return
        async with hand as waited:
            if waited and desk.stopping:
                first, doubt = place.waiting[0], place.suspect
                await _give_back(
                    desk, claim, first, _STOPS, timedelta(), suspect=doubt, counted=False, calls=0
                )
                return
            head, ended = await _attempt(desk, head, lease, place)
        left = place.waiting[len(head.members) :]
        began = desk.clock()
        held = await write(desk, head, ended, keep=bool(left) and not desk.stopping)
        if held is Held.STALE:
            raise _LaneLost
        if held is not Held.KEPT or not isinstance(ended.verdict, Applied):
            return
        lease.renewed_by_settling(began)
        place.waiting, place.interaction = left, ended.verdict.interaction
        place.attempt, place.calls = 1, 0
        place.suspect = bool(left) and left[0].sequence <= place.doubted


async def _attempt(desk: Desk, head: Head, lease: "_Lease", place: _Place) -> tuple[Head, Ended]:
    """Bring the head to its verdict, or the first of its members where together they came to none."""
    ended = await _settled(desk, head, lease, place, suspect=place.suspect)
    if not isinstance(ended.verdict, Bury) or len(head.members) == 1:
        return head, ended
    # One of them is at fault: alone, each is judged for itself. A batch that failed may have created.
    batch, doubt = ended.calls, ended.verdict.doubt
    place.doubted = head.sequence if doubt else 0
    head = _alone(head)
    ended = await _settled(desk, head, lease, place, suspect=doubt)
    return head, replace(ended, calls=(*batch, *ended.calls))


async def _leave(desk: Desk, claim: Claim, place: _Place, holds: Mapping[str, str]) -> None:
    """Leave the lane alone for a while: a newer worker can read its head, or a person holds its channel."""
    now, first = desk.clock(), place.waiting[0]
    if first.command is None:
        reason, due = "a newer bridge wrote it: it is left to newer workers", now + _UNKNOWN_FORMAT_DELAY
        entry, trace_id = None, ""  # no line in its history: half a day of them would fill it
    else:
        channel = first.command.channel
        reason, due = f"channel {channel} is held: {holds[channel]}", now + HELD_DELAY
        entry = Entry(at=now, event="deferred", sequence=first.sequence, detail={"reason": reason})
        trace_id = first.command.trace_id
    deferral = Deferral(due, suspect=place.suspect, counted=False, failed=False, calls=0, entry=entry)
    if await desk.lanes.defer(claim, deferral, now=now) is not Held.STALE:
        desk.listen(
            CommandDeferred(
                service=desk.service,
                external_id=claim.external_id,
                sequence=first.sequence,
                reason=reason,
                due=due,
                attempt=claim.attempt,
                trace_id=trace_id,
            )
        )


def _head(desk: Desk, claim: Claim, place: _Place, holds: Mapping[str, str]) -> Head | None:
    """Return what is delivered next; None when this worker cannot read it, or its channel is held."""
    first = place.waiting[0]
    if first.command is None or first.command.channel in holds:
        return None
    free = place.waiting
    if holds:
        free = tuple(takewhile(lambda each: not each.command or each.command.channel not in holds, free))
    updates = mergeable([each.command for each in free]) if desk.merging else ()
    # After the end each update is held against the tombstone by its own time.
    if len(updates) > 1 and place.interaction.state is not State.ENDED:
        members = place.waiting[: len(updates)]
        return Head(claim, members, merge(updates), place.interaction, place.attempt)
    return Head(claim, (first,), first.command, place.interaction, place.attempt)


def _alone(head: Head) -> Head:
    first = head.members[0]
    if first.command is None:  # merged commands were all read
        raise AssertionError
    return Head(head.claim, (first,), first.command, head.interaction, head.attempt)


async def _settled(desk: Desk, head: Head, lease: "_Lease", place: _Place, *, suspect: bool) -> Ended:
    """Decide; before a burial its last call has the time to take effect, so that nothing overtakes it."""
    ended = await _decide(desk, head, lease, place, suspect=suspect)
    if isinstance(ended.verdict, Bury) and ended.verdict.settles_s:
        await lease.renew()
        await desk.sleep(ended.verdict.settles_s)
    return ended


async def _decide(desk: Desk, head: Head, lease: "_Lease", place: _Place, *, suspect: bool) -> Ended:
    if head.attempt > desk.retry.max_attempts:
        tried = f"tried {head.attempt - 1} times without coming to an answer"
        return Ended(Bury("exhausted", tried, doubt=suspect))
    younger = len(place.waiting) > len(head.members)
    decision = overtaken(head.interaction, head.command, younger=younger) or plan(
        head.interaction, head.command, suspect=suspect, mark=desk.mark
    )
    calls: list[Mapping[str, JsonValue]] = []
    while len(calls) < _MOST_STEPS:
        if isinstance(decision, Bury):
            return Ended(replace(decision, doubt=suspect), tuple(calls))
        if not isinstance(decision, Step):
            return Ended(decision, tuple(calls))
        if writes(decision, head.command) and (given_up := await _given_up(desk, head)):
            return Ended(given_up, tuple(calls))
        await lease.secure()
        place.calls += 1
        outcome = await _call(desk, head, decision)
        calls.append(_evidence(desk.clock(), decision, outcome))
        verdict = judge(_case(desk, head, decision, suspect=suspect), outcome)
        if not isinstance(verdict, Proceed):
            return Ended(verdict, tuple(calls))
        decision = verdict.step
    wait = _delay(desk, head.attempt).total_seconds()
    again = Again(wait, f"still not settled after {_MOST_STEPS} calls", suspect=True, failed=False)
    return Ended(again, tuple(calls))


async def _given_up(desk: Desk, head: Head) -> Applied | None:
    """Look once more, right before a sweep's command takes effect; return the verdict where it must not."""
    way = await desk.lanes.confirm(head.claim)
    if way is Way.STALE:
        raise _LaneLost
    return given_up(head.interaction, way, now=desk.clock())


async def _call(desk: Desk, head: Head, step: Step) -> Outcome:
    began = perf_counter()
    outcome = await desk.api.send(step.operation, trace_id=head.command.trace_id)
    desk.listen(
        CallAnswered(
            service=desk.service,
            external_id=head.claim.external_id,
            operation=type(step.operation).__name__,
            purpose=step.purpose.value,
            outcome=type(outcome).__name__,
            status=outcome.evidence.status,
            detail=outcome.evidence.detail,
            request_id=outcome.evidence.request_id,
            elapsed_ms=round((perf_counter() - began) * 1000, 1),
            trace_id=head.command.trace_id,
            sequence=head.members[0].sequence,
        )
    )
    return outcome


def _evidence(at: datetime, step: Step, outcome: Outcome) -> Mapping[str, JsonValue]:
    """Return what stays known of one call; without what it does not say."""
    said = outcome.evidence
    facts: dict[str, JsonValue] = {
        "at": at.isoformat(),
        "call": type(step.operation).__name__,
        "purpose": step.purpose.value,
        "outcome": type(outcome).__name__,
        "status": said.status,
        "detail": said.detail,
        "request_id": said.request_id,
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _case(desk: Desk, head: Head, step: Step, *, suspect: bool) -> Case:
    return Case(
        step=step,
        command=head.command,
        interaction=head.interaction,
        attempt=head.attempt,
        suspect=suspect,
        accepted_at=head.members[0].accepted_at,
        now=desk.clock(),
        retry=desk.retry,
        settling_s=desk.longest_call.total_seconds(),
        mark=desk.mark,
        dice=desk.dice,
    )


def _delay(desk: Desk, attempt: int) -> timedelta:
    return timedelta(seconds=delay_s(attempt, desk.retry, desk.dice))


async def _give_back(
    desk: Desk,
    claim: Claim,
    queued: Queued,
    reason: str,
    wait: timedelta,
    *,
    suspect: bool,
    calls: int,
    counted: bool = True,
) -> None:
    """Return the lane undone, with so many calls begun."""
    now = desk.clock()
    entry = Entry(at=now, event="deferred", sequence=queued.sequence, detail={"reason": reason})
    deferral = Deferral(now + wait, suspect=suspect, counted=counted, failed=False, calls=calls, entry=entry)
    try:
        await desk.lanes.defer(claim, deferral, now=now)
    except StoreUnavailable as error:
        desk.listen(DrainFailed(desk.service, claim.external_id, str(error)))


class _Lease:
    """The holder's own view of how long the lane is its own."""

    def __init__(self, desk: Desk, claim: Claim) -> None:
        self._desk = desk
        self._claim = claim
        self._until: datetime = claim.lease_until

    def renewed_by_settling(self, began: datetime) -> None:
        """A settlement that kept the lane began a new lease: when it was given, not when it was answered."""
        self._until = began + self._desk.lease

    async def secure(self) -> None:
        """Make sure that a call begun now ends within the lease."""
        # Whoever was frozen while the store answered looks again.
        while self._desk.clock() + self._desk.longest_call > self._until:
            await self.renew()

    async def renew(self) -> None:
        """Begin the lease anew."""
        now = self._desk.clock()
        renewed = await self._desk.lanes.renew(self._claim, lease=self._desk.lease, now=now)
        if renewed is None:
            raise _LaneLost
        self._until = renewed
