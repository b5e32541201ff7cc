"""The gate: what each of its brakes allows, and that its two writings are one.

The first part proves `worker/store/gate.py` by itself. The second drives the store in memory (gate.py) and
the one on Redis (gate.lua) with the same random sequences of verbs, and holds both to the gate's promises.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.redis_server import RedisServer
from worker.commands import Update
from worker.lanes import Backlog, Burial, Claim, Deferral, Entry, Held, Partition, Queued, Settlement
from worker.letters import DeadCommand
from worker.ports import Store
from worker.store.gate import OPEN, Gate, GateLimits
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore

NOW = 1_000_000
LEASE = 45_000
FREE = GateLimits()
METERED = GateLimits(rate_per_s=2, burst=4)
NARROW = GateLimits(in_flight=2)
FRAGILE = GateLimits(breaker_calls=4, breaker_window_ms=10_000, breaker_open_ms=5_000)


def passed(gate: Gate, limits: GateLimits, *lanes: str, now: int = NOW) -> Gate:
    """Return the gate after lanes went through it."""
    return gate.claimed(limits, list(lanes), now, now + LEASE)


def test_without_limits_everything_passes() -> None:
    """A gate that nobody set up or shut lets through whatever is wanted."""
    assert OPEN.admits(FREE, 64, NOW) == 64
    assert passed(OPEN, FREE, "a").admits(FREE, 64, NOW) == 64
    assert OPEN.has_room(FREE, "a", NOW)


def test_limits_are_packed_as_the_script_reads_them() -> None:
    """Seven figures in the order of gate.lua's header."""
    limits = GateLimits(0.5, 3, 8, 20, 0.25, 30_000, 15_000)
    assert limits.packed == "0.5 3 8 20 0.25 30000 15000"


def test_the_rate_is_saved_up_to_its_burst_and_no_further() -> None:
    """Four at once after any rest, then two a second; a debt is paid before anything else passes."""
    assert OPEN.admits(METERED, 9, NOW) == 4
    spent = passed(OPEN, METERED, "a", "b", "c", "d")
    assert (spent.admits(METERED, 9, NOW), spent.has_room(METERED, "a", NOW)) == (0, False)
    assert spent.admits(METERED, 9, NOW + 1500) == 3  # 1.5 s * 2/s
    assert spent.admits(METERED, 9, NOW + 3_600_000) == 4  # the burst
    debt = spent.came_home(METERED, 3, NOW)  # two calls more than the one paid for
    assert debt.admits(METERED, 9, NOW + 1000) == 0  # -2 + 2
    assert debt.admits(METERED, 9, NOW + 1500) == 1  # -2 + 3


def test_an_unmade_call_is_given_back() -> None:
    """A lane that needed no call costs nothing."""
    spent = passed(OPEN, METERED, "a", "b", "c", "d").returned(METERED, "d", 0, NOW)
    assert spent.admits(METERED, 9, NOW) == 1


def test_lanes_out_are_capped_until_they_come_back_or_their_lease_lapses() -> None:
    """Two out: a third waits for a return or a lapse, and a renewed lease counts on."""
    out = passed(OPEN, NARROW, "a", "b")
    assert out.admits(NARROW, 9, NOW) == 0
    assert out.left("a").admits(NARROW, 9, NOW) == 1
    assert out.admits(NARROW, 9, NOW + LEASE) == 2
    renewed = out.renewed("a", NOW + 2 * LEASE)
    assert renewed.admits(NARROW, 9, NOW + LEASE) == 1


def test_a_shut_gate_lets_nothing_through_and_then_one() -> None:
    """Until its time none, after it one lane at a time, and all once that one came home."""
    shut = OPEN.shut(NOW + 30_000, "401")
    assert shut.admits(FREE, 9, NOW + 29_999) == 0
    assert shut.admits(FREE, 9, NOW + 30_000) == 1
    probed = passed(shut, FREE, "a", now=NOW + 30_000)
    assert probed.admits(FREE, 9, NOW + 30_001) == 0
    assert probed.admits(FREE, 9, NOW + 30_000 + LEASE) == 1, "a lost probe is followed by another"
    home = probed.returned(FREE, "a", 1, NOW + 30_001)
    assert home.admits(FREE, 9, NOW + 30_001) == 1, "no answer to weigh"
    straggler = probed.returned(FREE, "b", 1, NOW + 30_001)
    assert straggler.admits(FREE, 9, NOW + 30_001) == 0, "a straggler is not the probe"
    home = probed.came_home(FREE, 1, NOW + 30_001)
    assert (home.admits(FREE, 9, NOW + 30_001), home.ajar, home.reason) == (9, False, "")


def test_a_failed_probe_shuts_the_gate_for_as_long_as_the_breaker() -> None:
    """Whatever shut it first, a failure while ajar is one more time-out."""
    probed = passed(OPEN.shut(NOW, "503"), FRAGILE, "a")
    again = probed.failed_call(FRAGILE, 1, NOW)
    assert (again.shut_until, again.reason) == (NOW + 5_000, "503")
    assert again.admits(FRAGILE, 9, NOW + 5_000) == 1


def test_a_straggler_does_not_open_a_gate_that_is_still_shut() -> None:
    """An answer to a call made before the shutting says nothing about the service now."""
    shut = OPEN.shut(NOW + 30_000, "401")
    assert shut.came_home(FREE, 1, NOW).admits(FREE, 9, NOW + 30_000) == 1


def test_a_longer_hold_wins() -> None:
    """A shorter hold neither shortens a longer one nor takes its reason."""
    shut = OPEN.shut(NOW + 30_000, "401").shut(NOW + 1000, "429")
    assert (shut.shut_until, shut.reason) == (NOW + 30_000, "401")


def test_a_share_of_failures_opens_the_breaker() -> None:
    """Two of four calls failed; an answer never opens it, and an old window is forgotten."""
    gate = OPEN.came_home(FRAGILE, 1, NOW).came_home(FRAGILE, 1, NOW).failed_call(FRAGILE, 1, NOW)
    assert gate.admits(FRAGILE, 9, NOW) == 9, "one of three"
    tripped = gate.failed_call(FRAGILE, 1, NOW)
    assert (tripped.shut_until, tripped.reason) == (NOW + 5_000, "breaker: 2 of 4 calls failed")
    assert gate.failed_call(FRAGILE, 1, NOW + 10_000).admits(FRAGILE, 9, NOW + 10_000) == 9
    answered = replace(gate, answered=0, failed=3).came_home(FRAGILE, 1, NOW)
    assert answered.shut_until == 0


def test_a_paused_gate_waits_for_a_person() -> None:
    """No time opens it; resuming lifts whatever else shut it as well."""
    paused = OPEN.shut(NOW + 1000, "401").pausing("maintenance")
    assert paused.admits(FREE, 9, NOW + 10**9) == 0
    assert paused.resumed().admits(FREE, 9, NOW) == 9


@pytest.mark.parametrize("gate", [OPEN.pausing("maintenance"), OPEN.shut(NOW + 1, "401")])
def test_a_holder_does_not_go_on_behind_a_gate_that_has_shut(gate: Gate) -> None:
    """Keeping a lane is one more call, and that goes through the gate like any other."""
    assert not gate.has_room(FREE, "a", NOW)


def test_a_holder_whose_lease_has_lapsed_may_find_its_place_taken() -> None:
    """The cap counts whoever went through since; within its lease a holder's place is its own."""
    out = passed(OPEN, NARROW, "a", "b")
    assert out.has_room(NARROW, "a", NOW)
    later = NOW + LEASE
    taken = passed(out, NARROW, "c", "d", now=later)
    assert (taken.has_room(NARROW, "a", later), taken.has_room(NARROW, "c", later)) == (False, True)


# The differential test: both stores, the same verbs, the same answers.

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)
LANES = ("a", "b", "c", "d")
SPAN = timedelta(milliseconds=LEASE)
#: Rounding of saved calls to six digits, for some dozens of steps.
TOLERANCE = 1e-3

Verb = tuple[str, tuple[int, ...]]

YES_OR_NO, MOSTLY = (0, 1), (0, 1, 1)
#: Which of the claims in hand a verb is for, the newest first.
PICK = (0, 0, 1, 2, 3)
CALLS = (0, 1, 1, 2, 3)
#: How often each verb is drawn, and from what each of its arguments.
WEIGHED: Mapping[str, tuple[int, tuple[Sequence[int], ...]]] = {
    "append": (3, (range(len(LANES)),)),
    "claim": (6, ((0, 1, 2, 4),)),
    "settle": (6, (PICK, CALLS, MOSTLY)),
    "defer": (6, (PICK, CALLS, YES_OR_NO, YES_OR_NO, (0, 0, 100, 7000))),
    "bury": (1, (PICK, CALLS, YES_OR_NO, (0, 0, 0, 1))),
    "renew": (2, (PICK,)),
    "hold": (3, ((1, 1, 1000, 20_000),)),
    "pause": (1, ()),
    "resume": (3, ()),
    "hasten": (1, ()),
    "advance": (6, ((1, 37, 333, 1000, 1234, 5000, 30_000, 46_000),)),
}


def script_of(seed: int) -> list[Verb]:
    """Return a sequence of verbs; the dice are weighed, because what is drawn evenly hardly ever claims."""
    dice = random.Random(seed)  # noqa: S311 - a script must be drawn the same again
    names = dice.choices(list(WEIGHED), [weight for weight, _ in WEIGHED.values()], k=80)
    return [(name, tuple(dice.choice(each) for each in WEIGHED[name][1])) for name in names]


limits_of_a_gate = st.builds(
    GateLimits,
    rate_per_s=st.sampled_from([0.0, 0.0, 0.3, 1.0, 3.7]),
    burst=st.sampled_from([1.0, 2.5, 6.0]),
    in_flight=st.sampled_from([0, 0, 1, 2, 3]),
    breaker_calls=st.sampled_from([0, 1, 2, 3]),
    breaker_ratio=st.sampled_from([0.3, 0.5, 1.0]),
    breaker_window_ms=st.sampled_from([500, 10_000]),
    breaker_open_ms=st.sampled_from([1, 4000]),
)


scripts = st.integers(0, 2**32 - 1).map(script_of)


@dataclass
class Hand:
    """A claim, and how far its holder has come."""

    claim: Claim
    until: datetime
    place: int = 0

    @property
    def lane(self) -> str:
        """The lane in hand."""
        return self.claim.external_id

    @property
    def queued(self) -> Queued:
        """The command in hand."""
        return self.claim.commands[self.place]


@dataclass
class Run:
    """One store, driven by verbs; everything it says is kept for comparison."""

    store: Store
    now: datetime = START
    #: The claims not yet given back, even where their lease has lapsed.
    hands: list[Hand] = field(default_factory=list)
    said: list[object] = field(default_factory=list)
    appended: int = 0
    claimed: int = 0

    async def do(self, verb: Verb) -> None:
        """Carry out one verb and note its answer, and what waits after it."""
        name, arguments = verb
        answer = await getattr(self, name)(*arguments)
        self.said.append((name, arguments, answer, await self.backlog()))

    async def backlog(self) -> Backlog:
        """Return what waits."""
        return await self.store.backlog(HOME, now=self.now)

    async def advance(self, span: int) -> None:
        """Let time pass."""
        self.now += timedelta(milliseconds=span)

    async def append(self, lane: int) -> int:
        """Append one more update to a lane; return its number there."""
        self.appended += 1
        command = Update(
            service="support",
            external_id=LANES[lane],
            idempotency_key=f"gate:{self.appended}",
            channel="gate",
            received_at=START,
        )
        appended = await self.store.append(command, receipt_id=f"r{self.appended}", now=self.now)
        return appended.receipt.sequence

    async def claim(self, limit: int) -> list[tuple[object, ...]]:
        """Claim; return what was taken."""
        self.claimed += 1
        claims = await self.store.claim(HOME, limit=limit, lease=SPAN, token=f"t{self.claimed}", now=self.now)
        self.hands += [Hand(claim, self.now + SPAN) for claim in claims]
        return [
            (each.external_id, each.fence, each.attempt, each.suspect, [q.sequence for q in each.commands])
            for each in claims
        ]

    async def settle(self, picked: int, made: int, keep: int) -> Held | None:
        """Settle the command in hand."""
        hand = self.hand(picked)
        if hand is None:
            return None
        more = hand.place + 1 < len(hand.claim.commands)
        opened = hand.claim.interaction.opened(interaction_id="I", channel="gate", at=self.now)
        done = Settlement(
            hand.queued.sequence, opened, (self._line(hand),), calls=made, keep=bool(keep) and more
        )
        held = await self.store.settle(hand.claim, done, lease=SPAN, now=self.now)
        if held is Held.KEPT:
            hand.place, hand.until = hand.place + 1, self.now + SPAN
        else:
            self.hands.remove(hand)
        return held

    async def defer(self, picked: int, made: int, failed: int, counted: int, wait: int) -> Held | None:
        """Give the lane in hand back."""
        hand = self.hand(picked)
        if hand is None:
            return None
        deferral = Deferral(
            self.now + timedelta(milliseconds=wait),
            suspect=False,
            counted=bool(counted),
            failed=bool(failed),
            calls=made,
            entry=self._line(hand),
        )
        self.hands.remove(hand)
        return await self.store.defer(hand.claim, deferral, now=self.now)

    async def bury(self, picked: int, made: int, failed: int, park: int) -> Held | None:
        """Bury the command in hand."""
        hand = self.hand(picked)
        if hand is None:
            return None
        letter = DeadCommand(
            id=f"d{hand.lane}{hand.queued.sequence}",
            cause="rejected",
            reason="400",
            buried_at=self.now,
            attempts=1,
            sequence=hand.queued.sequence,
            command=hand.queued.command,
        )
        burial = Burial(letter, self._line(hand), park=bool(park), failed=bool(failed), calls=made)
        self.hands.remove(hand)
        return await self.store.bury(hand.claim, burial, now=self.now)

    async def renew(self, picked: int) -> datetime | None:
        """Extend the lease of the lane in hand."""
        hand = self.hand(picked)
        if hand is None:
            return None
        until = await self.store.renew(hand.claim, lease=SPAN, now=self.now)
        hand.until = until or hand.until
        return until

    async def hold(self, span: int) -> None:
        """Hold the service."""
        until = self.now + timedelta(milliseconds=span)
        await self.store.hold("support", until=until, reason="429")

    async def pause(self) -> None:
        """Pause the service."""
        await self.store.pause("support", reason="a person")

    async def resume(self) -> None:
        """Resume the service."""
        await self.store.resume("support")

    async def hasten(self) -> int:
        """Make everything due."""
        return await self.store.hasten("support", now=self.now)

    async def fill(self) -> None:
        """Let every lane have some commands to begin with."""
        for lane in [*range(len(LANES))] * 3:
            await self.append(lane)

    def hand(self, picked: int) -> Hand | None:
        """Return one of the newest claims in hand."""
        return self.hands[-1 - picked] if picked < len(self.hands) else None

    def _line(self, hand: Hand) -> Entry:
        return Entry(at=self.now, event="tried", sequence=hand.queued.sequence)


@pytest.fixture(scope="module")
def fresh_redis(redis_server: RedisServer) -> Iterator[Callable[[], str]]:
    """Empty the Redis and return its URL, as often as wanted."""
    with redis.Redis.from_url(redis_server.url()) as client:

        def emptied() -> str:
            client.flushall()
            return redis_server.url()

        yield emptied


def limits_with(gate: GateLimits) -> Limits:
    """Return limits that differ from the usual ones only at the gate."""
    return Limits(services={"support": ServiceLimits(gate=gate)}, window=3)


@settings(max_examples=110, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(gate=limits_of_a_gate, script=scripts)
def test_both_gates_give_the_same_answers(
    fresh_redis: Callable[[], str], gate: GateLimits, script: list[Verb]
) -> None:
    """The same verbs get the same claims, the same words and the same backlog from gate.py and gate.lua."""

    async def main() -> tuple[list[object], list[object]]:
        remote = RedisStore.open(fresh_redis(), limits_with(gate), timeout_s=5)
        twins = Run(MemoryStore(limits_with(gate))), Run(remote)
        try:
            for run in twins:
                await run.fill()
            for verb in script:
                for run in twins:
                    await run.do(verb)
                assert twins[0].said[-1] == twins[1].said[-1]
        finally:
            await remote.aclose()
        return twins[0].said, twins[1].said

    memory, real = asyncio.run(main())
    assert memory == real


class Watch:
    """Sees what passes a gate, and holds it to its promises; knows nothing of how the gate works."""

    def __init__(self, limits: GateLimits) -> None:
        self._limits = limits
        self._paid = 0
        self._began: datetime | None = None
        #: lane → end of its lease
        self._out: dict[str, datetime] = {}
        self._probe_until: datetime | None = None

    def see(self, run: Run, hand: Hand | None, before: Backlog) -> None:
        """Look at the latest verb, which was for this hand."""
        name, arguments, answer, _ = run.said[-1]
        if name == "claim":
            self._passed([each[0] for each in answer], run, before)
        elif name == "renew" and answer is not None:
            assert self._out[hand.lane] > run.now, "a lease that has lapsed is over"
            self._out[hand.lane] = hand.until
        elif name in {"settle", "defer", "bury"} and answer not in {None, Held.STALE}:
            self._paid += arguments[1] - 1
            self._probe_until = None
            del self._out[hand.lane]
            if answer is Held.KEPT:
                self._went_on(run, hand, before)
        elif name in {"hold", "resume"}:
            self._probe_until = None

    def _passed(self, lanes: list[str], run: Run, before: Backlog) -> None:
        if not lanes:
            return
        assert not before.paused, "nothing passes a paused gate"
        assert before.held_until is None, "nothing passes a shut gate"
        if before.probing:
            assert len(lanes) == 1, "an ajar gate is tried by one"
            assert self._probe_until is None or self._probe_until <= run.now, "and by one at a time"
            self._probe_until = run.now + SPAN
        for hand in run.hands[-len(lanes) :]:
            self._out[hand.lane] = hand.until
        self._count(len(lanes), run)

    def _went_on(self, run: Run, hand: Hand, before: Backlog) -> None:
        assert not before.paused, "no holder goes on behind a paused gate"
        assert before.held_until is None, "nor behind a shut one"
        self._out[hand.lane] = hand.until
        self._count(1, run)

    def _count(self, passed: int, run: Run) -> None:
        """Check rate and cap after lanes went through."""
        self._began = self._began or run.now
        self._paid += passed
        if self._limits.rate_per_s:
            allowed = self._limits.burst + self._limits.rate_per_s * (run.now - self._began).total_seconds()
            assert self._paid <= allowed + TOLERANCE, "no more calls than the rate has saved up"
        if self._limits.in_flight:
            out = sum(1 for until in self._out.values() if until > run.now)
            assert out <= self._limits.in_flight, "no more lanes out than the cap"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(gate=limits_of_a_gate, script=scripts)
def test_the_gate_keeps_its_promises(gate: GateLimits, script: list[Verb]) -> None:
    """Never over the rate or the cap, nothing while shut or paused, one at a time while ajar."""

    async def main() -> None:
        run, watch = Run(MemoryStore(limits_with(gate))), Watch(gate)
        await run.fill()
        for verb in script:
            before = await run.backlog()
            hand = run.hand(verb[1][0]) if verb[1] else None
            await run.do(verb)
            watch.see(run, hand, before)

    asyncio.run(main())
