"""A crew works on many lanes at once: it fills its hands, refills them, calls for help and makes room."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from types import SimpleNamespace

import pytest

from worker.commands import Create, Update
from worker.drain import crew as subject
from worker.drain.crew import Crew, Pace
from worker.drain.hands import Hand, Hands
from worker.drain.lane import deliver
from worker.errors import StoreUnavailable
from worker.events import CommandApplied, DrainFailed
from worker.lanes import Appended, Claim, Held, Partition, Settlement, partition_of
from worker.operations import Operation
from worker.outcomes import Evidence, Ok, Outcome
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore

Lay = Callable[..., SimpleNamespace]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)
DONE = Ok(Evidence(200))

#: Hands enough, a long slice, and a short wait for more.
PACE = Pace(in_flight=16, slice_s=60, linger_s=0.01, poll_s=0.001)


def create(number: int) -> Create:
    """Return the first command of the n-th conversation."""
    return Create(
        service="support",
        external_id=f"c-{number}",
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
    )


def crew_of(table: SimpleNamespace, pace: Pace = PACE) -> Crew:
    """Return a crew at this desk."""
    return Crew(table.desk, table.doorbell, pace)


def applied(table: SimpleNamespace) -> set[str]:
    """Return the conversations of which something was applied."""
    return {event.external_id for event in table.told(CommandApplied)}


@pytest.fixture(autouse=True)
def _one_call_for_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help is called for once in a test, however slow the machine is."""
    monkeypatch.setattr(subject, "_CALL_FOR_HELP_S", 3600)


def test_a_drain_works_on_all_that_is_due_and_goes(bench: Lay) -> None:
    """Every lane is settled, nobody is rung, and after it left the next command asks for a ring."""
    table = bench()
    table.submit(*(create(number) for number in range(5)))
    asyncio.run(crew_of(table).drain(HOME))
    assert applied(table) == {f"c-{number}" for number in range(5)}
    assert table.doorbell.rings == []
    appended = asyncio.run(table.store.append(create(9), receipt_id="r9", now=NOW))
    assert appended.ring


def test_no_more_lanes_than_hands(bench: Lay) -> None:
    """Three hands hold three lanes at once, never four, and refill until all ten are done."""
    busy, most = 0, 0
    full = asyncio.Event()

    async def answer(_operation: Operation) -> Outcome:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        if busy == 3:
            full.set()
        await full.wait()
        busy -= 1
        return DONE

    table = bench(*[answer] * 10)
    table.submit(*(create(number) for number in range(10)))
    crew = crew_of(table, replace(PACE, in_flight=3))
    asyncio.run(crew.drain(HOME))
    assert most == 3
    assert len(applied(table)) == 10
    assert crew.free == 3


def test_a_slow_lane_holds_up_no_other(bench: Lay) -> None:
    """The first call comes home only after all others did, with two hands for six lanes."""
    others = asyncio.Event()

    async def slow(_operation: Operation) -> Outcome:
        await others.wait()
        return DONE

    async def quick(_operation: Operation) -> Outcome:
        if len(table.api.operations) == 6:
            others.set()
        return DONE

    table = bench(slow, *[quick] * 5)
    table.submit(*(create(number) for number in range(6)))
    asyncio.run(crew_of(table, replace(PACE, in_flight=2)).drain(HOME))
    assert len(applied(table)) == 6
    assert table.told(CommandApplied)[-1].external_id == "c-0"


def test_a_drain_that_runs_already_needs_no_second(bench: Lay) -> None:
    """The second returns at once, without a ring and without a claim, while the first one works."""

    async def scene() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_operation: Operation) -> Outcome:
            begun.set()
            await go_on.wait()
            return DONE

        table.api.answers.append(slow)
        crew = crew_of(table)
        first = asyncio.create_task(crew.drain(HOME))
        await begun.wait()
        await crew.drain(HOME)
        assert not first.done()
        assert table.doorbell.rings == []
        go_on.set()
        await first

    table = bench()
    table.submit(create(1))
    asyncio.run(scene())
    assert applied(table) == {"c-1"}


def test_a_full_crew_passes_the_ring_on(bench: Lay) -> None:
    """Another worker may have a free hand; after three times the ring is left to the next tick."""

    async def scene() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_operation: Operation) -> Outcome:
            begun.set()
            await go_on.wait()
            return DONE

        table.api.answers.append(slow)
        crew = crew_of(table, replace(PACE, in_flight=1))
        first = asyncio.create_task(crew.drain(HOME))
        await begun.wait()
        assert crew.free == 0
        table.doorbell.rings.clear()
        for hops in range(5):
            await crew.drain(HOME, hops=hops)
        assert table.doorbell.rings == [(HOME, 1), (HOME, 2), (HOME, 3)]
        go_on.set()
        await first

    table = bench()
    table.submit(create(1))
    asyncio.run(scene())


def test_a_full_claim_rings_without_waiting(bench: Lay) -> None:
    """There is probably more than these hands can hold: help is called for, but only once in a while."""
    table = bench()
    table.submit(*(create(number) for number in range(6)))
    asyncio.run(crew_of(table, replace(PACE, in_flight=2)).drain(HOME))
    assert table.doorbell.rings == [(HOME, 0)]
    assert len(applied(table)) == 6


def test_a_claim_that_leaves_hands_free_calls_nobody(bench: Lay) -> None:
    """Two lanes for three hands: there is no more, so there is nothing to help with."""
    table = bench()
    table.submit(create(1), create(2))
    asyncio.run(crew_of(table, replace(PACE, in_flight=3)).drain(HOME))
    assert table.doorbell.rings == []


class Waiting:
    """A doorbell whose broker answers only after a call to the API was made."""

    def __init__(self, table: SimpleNamespace) -> None:
        self.table = table
        self.called = asyncio.Event()
        table.api.answers.append(self.answer)

    async def answer(self, _operation: Operation) -> Outcome:
        """Make the call."""
        self.called.set()
        return DONE

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """See `worker.ports.Doorbell.ring`."""
        await self.called.wait()
        return await self.table.doorbell.ring(partition, hops=hops)


def test_a_broker_that_does_not_answer_keeps_no_lane_waiting(bench: Lay) -> None:
    """Claimed lanes are worked on at once, however long a ring takes to be sent."""

    async def scene() -> None:
        async with asyncio.timeout(10):
            await Crew(table.desk, Waiting(table), replace(PACE, in_flight=1)).drain(HOME)

    table = bench()
    table.submit(create(1))
    asyncio.run(scene())
    assert applied(table) == {"c-1"}
    assert table.doorbell.rings == [(HOME, 0)]


class SlowToWrite(MemoryStore):
    """Writes nothing down before it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:
        """See `worker.ports.Lanes.settle`."""
        await self.let.wait()
        return await super().settle(claim, settlement, lease=lease, now=now)


def test_a_store_that_is_slow_to_write_keeps_no_hand_from_calling(bench: Lay) -> None:
    """Hands go on with other lanes while answers are written, up to three times as many lanes as hands."""

    async def scene() -> None:
        table.store.let = asyncio.Event()
        called = asyncio.Event()

        async def last(_operation: Operation) -> Outcome:
            called.set()
            return DONE

        table.api.answers.extend([DONE] * 8)
        table.api.answers.append(last)
        crew = crew_of(table, replace(PACE, in_flight=3))
        drain = asyncio.create_task(crew.drain(HOME))
        async with asyncio.timeout(10):
            await called.wait()
        assert applied(table) == set()
        assert len(table.api.operations) == 9, "three for each hand"
        table.store.let.set()
        await drain

    table = bench(store=SlowToWrite())
    table.submit(*(create(number) for number in range(12)))
    asyncio.run(scene())
    assert len(applied(table)) == 12


class SlowToClaim(MemoryStore):
    """Lets calls come home before it answers a claim."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[int] = []

    async def claim(
        self,
        partition: Partition,
        *,
        limit: int,
        lease: timedelta,
        token: str,
        now: datetime,
        leaving: bool = False,
    ) -> tuple[Claim, ...]:
        """See `worker.ports.Lanes.claim`."""
        self.limits.append(limit)
        for _ in range(20):
            await asyncio.sleep(0)
        return await super().claim(partition, limit=limit, lease=lease, token=token, now=now, leaving=leaving)


def test_lanes_wait_for_hands_where_hands_would_wait_for_claims(bench: Lay) -> None:
    """As many are claimed ahead as came free during the last claim, and never more calls than hands."""
    busy, most, turns = 0, 0, cycle(range(1, 8))

    async def answer(_operation: Operation) -> Outcome:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        for _ in range(10 * next(turns)):
            await asyncio.sleep(0)
        busy -= 1
        return DONE

    table = bench(*[answer] * 60, store=SlowToClaim())
    table.submit(*(create(number) for number in range(60)))
    asyncio.run(crew_of(table, replace(PACE, in_flight=8)).drain(HOME))
    assert len(applied(table)) == 60
    assert most == 8
    assert max(table.store.limits) > 8, "some are claimed before there is a hand for them"
    assert max(table.store.limits) <= 8 + 8


def test_a_lane_that_still_waits_for_a_hand_is_given_back_when_the_worker_stops(bench: Lay) -> None:
    """The call under way comes home; what waits for a hand is due at once, and no try is counted."""

    async def stop(_operation: Operation) -> Outcome:
        await asyncio.sleep(0)
        table.stopping.raise_flag()
        return DONE

    async def scene() -> None:
        hands = Hands(1, freed=lambda: None)
        first, second = await table.store.claim(
            HOME, limit=2, lease=timedelta(seconds=45), token="t", now=NOW
        )
        await asyncio.gather(
            deliver(table.desk, first, Hand(hands)), deliver(table.desk, second, Hand(hands))
        )

    table = bench(stop)
    table.submit(create(1), create(2))
    asyncio.run(scene())
    assert applied(table) == {"c-1"}
    assert len(table.api.operations) == 1
    left = table.view("c-2")
    assert (left.due, left.attempt) == (NOW, 0)


def test_a_crew_without_a_free_hand_claims_nothing(bench: Lay) -> None:
    """What it cannot hold stays due for others, who are rung at the end of the slice."""
    table = bench()
    table.submit(create(1))
    asyncio.run(crew_of(table, replace(PACE, in_flight=0, slice_s=0.01)).drain(HOME))
    assert table.view("c-1").due == NOW
    assert table.api.operations == []
    assert table.doorbell.rings == [(HOME, 0)]


def test_a_drain_without_a_free_hand_is_never_bored(bench: Lay) -> None:
    """While another partition holds the only hand it waits, however long, and works as soon as it may."""

    async def scene() -> None:
        go_on, begun = asyncio.Event(), asyncio.Event()

        async def slow(_operation: Operation) -> Outcome:
            begun.set()
            await go_on.wait()
            return DONE

        table.api.answers.append(slow)
        crew = crew_of(table, replace(PACE, in_flight=1, linger_s=0))
        first = asyncio.create_task(crew.drain(partition_of("support", "c-1", 4)))
        await begun.wait()
        looks = iter(range(1000))
        enough = asyncio.Event()
        pause = crew._pause

        async def counted() -> None:
            if next(looks) == 20:
                enough.set()
            await pause()

        crew._pause = counted
        second = asyncio.create_task(crew.drain(partition_of("support", "c-2", 4)))
        await enough.wait()
        assert not second.done()
        go_on.set()
        await asyncio.gather(first, second)

    table = bench(store=MemoryStore(Limits({"support": ServiceLimits(partitions=4)})))
    table.submit(create(1), create(2))
    assert partition_of("support", "c-1", 4) != partition_of("support", "c-2", 4)
    asyncio.run(scene())
    assert applied(table) == {"c-1", "c-2"}


def test_the_end_of_a_slice_hands_over(bench: Lay) -> None:
    """A drain that is over claims nothing more and wakes the next one for what waits."""
    table = bench()
    table.submit(create(1))
    asyncio.run(crew_of(table, replace(PACE, slice_s=0)).drain(HOME))
    assert table.doorbell.rings == [(HOME, 0)]
    assert table.view("c-1").due == NOW
    appended = asyncio.run(table.store.append(create(2), receipt_id="r2", now=NOW + timedelta(seconds=2)))
    assert appended.ring, "nobody looks by itself any more"


def test_the_last_calls_of_a_slice_come_home(bench: Lay) -> None:
    """The drain hands over while its last call is under way, and returns after that call was written."""

    async def slow(_operation: Operation) -> Outcome:
        await table.doorbell.heard.wait()
        return DONE

    table = bench(slow)
    table.submit(create(1))
    asyncio.run(crew_of(table, replace(PACE, slice_s=0.01)).drain(HOME))
    assert table.doorbell.rings == [(HOME, 0)]
    assert applied(table) == {"c-1"}


def test_the_next_drain_may_begin_while_the_last_calls_come_home(bench: Lay) -> None:
    """A partition whose drain handed over is not kept from the next drain by one slow answer."""

    async def scene() -> None:
        go_on = asyncio.Event()

        async def slow(_operation: Operation) -> Outcome:
            await go_on.wait()
            return DONE

        table.api.answers.append(slow)
        crew = crew_of(table, replace(PACE, slice_s=0.01))
        first = asyncio.create_task(crew.drain(HOME))
        await table.doorbell.heard.wait()
        await table.store.append(create(2), receipt_id="r2", now=NOW)
        await crew.drain(HOME)
        assert not first.done()
        assert applied(table) == {"c-2"}
        go_on.set()
        await first

    table = bench()
    table.submit(create(1))
    asyncio.run(scene())
    assert applied(table) == {"c-1", "c-2"}


def test_a_process_on_its_way_out_claims_nothing(bench: Lay) -> None:
    """It hands over at once."""
    table = bench()
    table.submit(create(1))
    table.stopping.raise_flag()
    asyncio.run(crew_of(table).drain(HOME))
    assert table.api.operations == []
    assert table.doorbell.rings == [(HOME, 0)]


class Later(MemoryStore):
    """Receives another command after so many claims."""

    def __init__(self, claims: int) -> None:
        super().__init__()
        self.claims_left = claims
        self.appended: list[Appended] = []

    async def claim(
        self,
        partition: Partition,
        *,
        limit: int,
        lease: timedelta,
        token: str,
        now: datetime,
        leaving: bool = False,
    ) -> tuple[Claim, ...]:
        """See `worker.ports.Lanes.claim`."""
        claims = await super().claim(
            partition, limit=limit, lease=lease, token=token, now=now, leaving=leaving
        )
        self.claims_left -= 1
        if self.claims_left == 0:
            self.appended.append(await self.append(create(7), receipt_id="r7", now=now))
        return claims


def test_a_drain_lingers_and_finds_what_comes(bench: Lay) -> None:
    """While it looks again by itself, a command needs no ring."""
    table = bench(store=Later(claims=2))
    asyncio.run(crew_of(table, replace(PACE, linger_s=0.05)).drain(HOME))
    assert applied(table) == {"c-7"}
    assert [appended.ring for appended in table.store.appended] == [False]
    assert table.doorbell.rings == []


def test_a_held_service_is_left_alone(bench: Lay) -> None:
    """There is nothing to claim, so the drain goes as if nothing were due."""
    table = bench()
    table.submit(create(1))
    asyncio.run(table.store.hold("support", until=NOW + timedelta(seconds=30), reason="401"))
    asyncio.run(crew_of(table).drain(HOME))
    assert table.api.operations == []
    assert len(table.view("c-1").pending) == 1


class AwayAfter(MemoryStore):
    """Answers so many claims and then none, until it is mended."""

    claims_left = 0

    async def claim(
        self,
        partition: Partition,
        *,
        limit: int,
        lease: timedelta,
        token: str,
        now: datetime,
        leaving: bool = False,
    ) -> tuple[Claim, ...]:
        """See `worker.ports.Lanes.claim`."""
        self.claims_left -= 1
        if self.claims_left < 0:
            raise StoreUnavailable("the store does not answer: gone")
        return await super().claim(partition, limit=limit, lease=lease, token=token, now=now, leaving=leaving)


def test_a_store_that_is_away_ends_the_drain_and_nothing_else(bench: Lay) -> None:
    """It is told, what was begun comes home, and the next drain of the partition works."""
    table = bench(store=AwayAfter())
    table.store.claims_left = 1
    table.submit(create(1), create(2))

    async def scene() -> None:
        crew = crew_of(table, replace(PACE, in_flight=1))
        await crew.drain(HOME)
        assert table.told(DrainFailed) == [DrainFailed("support", "", "the store does not answer: gone")]
        assert applied(table) == {"c-1"}
        table.store.claims_left = 1000
        await crew.drain(HOME)

    asyncio.run(scene())
    assert applied(table) == {"c-1", "c-2"}


def test_a_lane_that_breaks_takes_no_other_along(bench: Lay) -> None:
    """A fault of ours in one delivery is told; the others are settled."""
    table = bench(ValueError("a bug"))
    table.submit(*(create(number) for number in range(4)))
    asyncio.run(crew_of(table).drain(HOME))
    assert applied(table) == {"c-1", "c-2", "c-3"}
    assert [event.reason for event in table.told(DrainFailed)] == ["ValueError: a bug"]


def test_each_partition_has_its_own_drain(bench: Lay) -> None:
    """A drain of one partition does not take the place of another's, though they share the hands."""

    async def scene() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_operation: Operation) -> Outcome:
            begun.set()
            await go_on.wait()
            return DONE

        table.api.answers.append(slow)
        crew = crew_of(table)
        first = asyncio.create_task(crew.drain(HOME))
        await begun.wait()
        assert crew.free == PACE.in_flight - 1
        await crew.drain(Partition("support", 1))
        assert not first.done()
        go_on.set()
        await first

    table = bench()
    table.submit(create(1))
    asyncio.run(scene())
    assert applied(table) == {"c-1"}


def test_commands_of_one_lane_share_one_hand(bench: Lay) -> None:
    """A conversation is worked on by one delivery at a time, however many hands are free."""
    table = bench()
    update = Update(
        service="support", external_id="c-1", idempotency_key="mail:2", channel="mail", received_at=NOW
    )
    table.submit(create(1), update)
    asyncio.run(crew_of(table).drain(HOME))
    assert [event.sequence for event in table.told(CommandApplied)] == [1, 2]
