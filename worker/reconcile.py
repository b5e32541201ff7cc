"""Reconcile: is what the ledger holds open still there? The API tells nobody when an interaction ends.

A few interactions at a time are looked up, the one checked longest ago first, so that each has its turn once
in a round. Live work never waits for it: a check goes through the service's gate like any other call, takes
only what the gate can spare, and there is one at a time in each partition.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from worker.events import BreakerOpened, CallAnswered, ServiceHeld
from worker.gate_settings import RetrySettings
from worker.interactions import EndedBy, Interaction
from worker.lanes import Entry, Partition
from worker.news import of_change
from worker.notices import NoticeKind
from worker.operations import ByExternalId, GetInteraction
from worker.outcomes import Conflict, NotFound, Ok, Outcome, Overloaded, Rejected, Unauthorized
from worker.ports import Api, Clock, Ids, Listener, Store
from worker.upkeep import Check, Unchecked
from worker.upkeep_events import InteractionDiffers, InteractionGone, ReconcileDoubted
from worker.upkeep_settings import ReconcileSettings

#: The share of the time between two slots over which the checks of one are spread.
_SHARE: Final = 0.8
#: How long a check waits before it asks again for what the gate cannot spare.
_REST_S: Final = 0.25
#: Open interactions put on the list by one run: a million within an hour or two.
_ENLISTED: Final = 5000
#: The newest interactions that are looked up before a 404 is disbelieved.
_WITNESSES: Final = 3
#: How long a check that came to no answer stands back behind the others.
_AGAIN: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything a check touches; one for each service of a process."""

    service: str
    store: Store
    api: Api
    clock: Clock
    ids: Ids
    listen: Listener
    sleep: Callable[[float], Awaitable[None]]
    #: Seconds of a clock that nobody sets.
    time: Callable[[], float]
    #: Whether the process is on its way out.
    stopping: Callable[[], bool]
    policy: ReconcileSettings
    #: Where the API is, as the settings say.
    place: str
    retry: RetrySettings
    #: The time between two slots.
    every: timedelta
    #: How long a check may take.
    lease: timedelta
    #: What somebody subscribed to.
    watched: frozenset[NoticeKind] = frozenset()


@dataclass(slots=True)
class Found:
    """What the checks of one run came to."""

    open: int = 0
    checked: int = 0
    gone: int = 0
    differing: int = 0
    unanswered: int = 0
    #: Whether the API has shown that it knows one of ours.
    proved: bool = False


def quota(count: int, policy: ReconcileSettings, *, every: timedelta, now: datetime) -> int:
    """Return how many of so many open interactions are checked in the slot that ends now.

    As many as keep the pace at which each is checked once a round; where that is less than one a slot, one in
    some of them.
    """
    pace = min(count / policy.round_s, policy.requests_per_s)
    end = now.timestamp()
    return int(end * pace) - int((end - every.total_seconds()) * pace)


async def reconcile(bench: Bench, partition: Partition) -> Found:
    """Check what falls into one slot. Raises StoreUnavailable.

    Ends early when the service is shut, when a check comes to no answer, or when nothing is left that was not
    checked lately.
    """
    found = Found(open=await bench.store.enlist(partition, limit=_ENLISTED))
    wanted = quota(found.open, bench.policy, every=bench.every, now=bench.clock())
    begin, span = bench.time(), bench.every.total_seconds() * _SHARE
    while found.checked < wanted and bench.time() < begin + span and not bench.stopping():
        now = bench.clock()
        rested = now - timedelta(seconds=bench.policy.rest_s)
        check = await bench.store.check(
            partition, before=rested, lease=bench.lease, token=bench.ids(), now=now
        )
        if check is Unchecked.BUSY:
            await bench.sleep(_REST_S)
            continue
        if isinstance(check, Unchecked) or not await _look(bench, check, found):
            break
        await bench.sleep(max(begin + span * found.checked / wanted - bench.time(), 0))
    return found


async def _look(bench: Bench, check: Check, found: Found) -> bool:
    """Make one check; say whether it came to an answer."""
    outcome = await _call(bench, check.interaction)
    if isinstance(outcome, Ok):
        await _prove(bench, found)
    match outcome:
        case NotFound():
            if not await _is_believed(bench, check, found):
                await _give_back(bench, check, failed=False)
                return False
            await _close(bench, check, found, outcome, state="")
        case Ok(snapshot=snapshot) if snapshot and snapshot.state in bench.policy.ended_states:
            await _close(bench, check, found, outcome, state=snapshot.state or "")
        case Ok(snapshot=snapshot):
            state = (snapshot and snapshot.state) or ""
            await _observe(bench, check, found, state, (snapshot and snapshot.interaction_id) or "")
        case Rejected() | Conflict():
            # An answer, though it says nothing: the same question would get it again and again.
            await _observe(bench, check, found, f"refused: {outcome.evidence.detail}"[:200], "")
        case _:
            found.unanswered += 1
            await _miss(bench, check, outcome)
            return False
    found.checked += 1
    return True


async def _prove(bench: Bench, found: Found) -> None:
    """Note, once a run, that the API knows one of ours."""
    if not found.proved:
        await bench.store.prove(bench.service, bench.place, now=bench.clock())
        found.proved = True


async def _is_believed(bench: Bench, check: Check, found: Found) -> bool:
    """Say whether a 404 means that the interaction is gone, and not that we ask in the wrong place."""
    now = bench.clock()
    if not found.proved:
        proved_at = await bench.store.proved(bench.service, bench.place)
        found.proved = bool(proved_at and abs(now - proved_at) <= timedelta(seconds=bench.policy.proof_s))
    if not found.proved and await _sees_another(bench, check):
        await _prove(bench, found)
    if found.proved:
        return True
    cap, within = bench.policy.unproved_cap, timedelta(seconds=bench.policy.round_s)
    name = check.interaction.external_id
    if await bench.store.venture(bench.service, name, cap=cap, within=within, now=now):
        return True
    if await bench.store.doubt(bench.service, now=now):
        reason = "the API knows none of the interactions that were looked up; is base_url right?"
        bench.listen(ReconcileDoubted(bench.service, cap, reason))
    return False


async def _sees_another(bench: Bench, check: Check) -> bool:
    """Look up those that are likeliest to be there: the newest."""
    for row in await bench.store.interactions(bench.service, limit=_WITNESSES):
        if row.external_id != check.interaction.external_id and isinstance(await _call(bench, row), Ok):
            return True
    return False


async def _call(bench: Bench, row: Interaction) -> Outcome:
    began, trace_id = perf_counter(), bench.ids()
    outcome = await bench.api.send(GetInteraction(ByExternalId(row.remote_id)), trace_id=trace_id)
    bench.listen(
        CallAnswered(
            service=bench.service,
            external_id=row.external_id,
            operation=GetInteraction.__name__,
            purpose="reconcile",
            outcome=type(outcome).__name__,
            status=outcome.evidence.status,
            detail=outcome.evidence.detail,
            request_id=outcome.evidence.request_id,
            elapsed_ms=round((perf_counter() - began) * 1000, 1),
            trace_id=trace_id,
        )
    )
    return outcome


async def _close(bench: Bench, check: Check, found: Found, outcome: Outcome, *, state: str) -> None:
    """Close it in the ledger, unless something happened to it while it was looked for.

    Nobody knows when it ended: the tombstone bears the time at which it was last known to be there, so that
    a message which came since opens a follow-up and is not taken for a late one.
    """
    row, now = check.interaction, bench.clock()
    known = row.last_activity_at or row.opened_at or now
    ended = row.ended(by=EndedBy.ELSEWHERE, tombstone=known, at=now)
    detail = {"remote_id": row.remote_id, "answer": outcome.evidence.detail, "state": state}
    entry = _entry(now, "gone", detail)
    news = of_change(row, ended, None, sequence=0, note="gone", at=now)
    notices = tuple(each for each in news if each.kind in bench.watched)
    if await bench.store.close(check, ended, entry, notices=notices, now=now):
        found.gone += 1
        bench.listen(
            InteractionGone(bench.service, row.external_id, row.interaction_id or "", known_at=check.before)
        )


async def _observe(bench: Bench, check: Check, found: Found, state: str, interaction_id: str) -> None:
    """Remember what was seen; the history hears of it where it is not what was known."""
    row, now, seen = check.interaction, bench.clock(), f"{state}|{interaction_id}"
    another = bool(interaction_id and row.interaction_id and interaction_id != row.interaction_id)
    before = check.seen.partition("|")[0]
    detail = {"state": state, "before": before, "interaction_id": interaction_id if another else ""}
    entry = _entry(now, "checked", detail)
    news = seen != check.seen and (another or bool(check.seen))
    if await bench.store.observe(check, seen, entry if news else None, now=now):
        found.differing += 1
        bench.listen(InteractionDiffers(bench.service, row.external_id, interaction_id, state))


async def _miss(bench: Bench, check: Check, outcome: Outcome) -> None:
    """Give it back without an answer; the service is held where the answer asks for that."""
    now, hold_s = bench.clock(), 0.0
    if isinstance(outcome, Unauthorized):
        hold_s = bench.retry.unauthorized_hold_s
    elif isinstance(outcome, Overloaded) and outcome.retry_after_s:
        hold_s = min(outcome.retry_after_s, bench.retry.retry_after_cap_s)
    reason = f"{type(outcome).__name__}: {outcome.evidence.detail}"
    if hold_s:
        until = now + timedelta(seconds=hold_s)
        await bench.store.hold(bench.service, until=until, reason=reason)
        bench.listen(ServiceHeld(bench.service, reason, until))
    if await _give_back(bench, check, failed=not hold_s):
        bench.listen(BreakerOpened(bench.service, reason))


async def _give_back(bench: Bench, check: Check, *, failed: bool) -> bool:
    """Let it stand back behind the others for a while; say whether its failure shut the gate."""
    now = bench.clock()
    again = min(now, now - timedelta(seconds=bench.policy.rest_s) + _AGAIN)
    return await bench.store.miss(check, as_if_at=again, failed=failed, now=now)


def _entry(at: datetime, event: str, detail: Mapping[str, str]) -> Entry:
    """Return a line of history that belongs to no command, without what it does not say."""
    return Entry(at=at, event=event, sequence=0, detail={name: text for name, text in detail.items() if text})
