"""Each slot is taken once, and a clock that is set back neither doubles nor starves a schedule."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from worker.ports import Store
from worker.store.slots import slot_key

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

#: A slot of a minute begins here.
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Asker:
    """Asks for slots, each time anew unless a token is named."""

    def __init__(self, store: Store, every: timedelta = MINUTE) -> None:
        self.store = store
        self.every = every
        self.asked = 0

    async def __call__(self, seconds: float, token: str = "") -> bool:
        """Ask so many seconds into the test."""
        self.asked += 1
        return await self.store.take_slot(
            "audit",
            every=self.every,
            token=token or f"t{self.asked}",
            now=NOW + timedelta(seconds=seconds),
        )


def test_a_slot_is_taken_once(run: Run) -> None:
    """By whoever asks first; the next one begins a minute later, however late in this one it was taken."""

    async def body(store: Store) -> None:
        take = Asker(store)
        assert [await take(seconds) for seconds in (50, 51, 59.9, 60, 60, 119, 120)] == [
            *(True, False, False),
            *(True, False, False),
            True,
        ]

    run(body)


def test_of_many_who_ask_at_once_one_takes_it(run: Run) -> None:
    """Any number of beats may run."""

    async def body(store: Store) -> None:
        take = Asker(store)
        for minute in range(5):
            taken = await asyncio.gather(*(take(60 * minute) for _ in range(20)))
            assert sum(taken) == 1

    run(body)


def test_a_repeated_command_gets_the_same_answer(run: Run) -> None:
    """The answer was lost and the command came again: the slot is still its own."""

    async def body(store: Store) -> None:
        take = Asker(store)
        assert await take(0, "mine")
        assert await take(0, "mine")
        assert not await take(0, "other")
        assert await take(1, "mine")

    run(body)


def test_schedules_do_not_know_one_another(run: Run) -> None:
    """Each has its slots."""

    async def body(store: Store) -> None:
        for name in ("audit", "prune"):
            assert await store.take_slot(name, every=MINUTE, token=name, now=NOW)

    run(body)


def test_missed_slots_are_caught_up_with_once(run: Run) -> None:
    """After ten hours without a beat there is one run, and then one a slot."""

    async def body(store: Store) -> None:
        take = Asker(store)
        assert await take(0)
        away = 36_000
        assert [await take(away + seconds) for seconds in (0, 1, 2, 60)] == [True, False, False, True]

    run(body)


def test_a_clock_that_is_set_back_neither_doubles_nor_starves(run: Run) -> None:
    """By ten minutes: nothing for two intervals, then one run a slot again, by the new time."""

    async def body(store: Store) -> None:
        take = Asker(store)
        assert await take(0)
        back = -600
        taken = [seconds for seconds in range(0, 300, 10) if await take(back + seconds)]
        assert taken == [120, 180, 240]

    run(body)


def test_a_clock_set_back_within_a_slot_changes_nothing(run: Run) -> None:
    """The slot was taken, and stays so."""

    async def body(store: Store) -> None:
        take = Asker(store)
        assert [await take(seconds) for seconds in (30, 10, 29, 60)] == [True, False, False, True]

    run(body)


def test_two_clocks_that_disagree_do_not_take_turns(run: Run) -> None:
    """One machine is three minutes behind the other: the one in front takes each slot, the other none."""

    async def body(store: Store) -> None:
        take = Asker(store)
        front, behind = [], []
        for seconds in range(0, 600, 5):
            front.append(await take(seconds + 0.3))
            behind.append(await take(seconds - 180))
        assert (sum(front), sum(behind)) == (10, 0)

    run(body)


def test_when_the_clock_in_front_dies_the_other_goes_on(run: Run) -> None:
    """After two intervals."""

    async def body(store: Store) -> None:
        take = Asker(store)
        assert await take(180)
        assert [seconds for seconds in range(0, 240, 20) if await take(seconds)] == [120, 180]

    run(body)


def test_another_interval_begins_at_once(run: Run) -> None:
    """What the settings say now counts: slots are compared by the present interval."""

    async def body(store: Store) -> None:
        assert await Asker(store, timedelta(hours=1))(0)
        take = Asker(store)
        assert [await take(seconds, f"x{seconds}") for seconds in (30, 60)] == [False, True]

    run(body)


@pytest.mark.parametrize(
    "day",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # 02:00 becomes 03:00 in most of Europe at 01:00 UTC
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # and back
    ],
)
def test_days_on_which_the_clocks_are_changed_are_like_any_other(run: Run, day: datetime) -> None:
    """Slots are counted in UTC: an hourly schedule has three in three hours."""

    async def body(store: Store) -> None:
        hour = timedelta(hours=1)
        asked = [day + timedelta(minutes=10 * number) for number in range(18)]
        taken = [
            now for now in asked if await store.take_slot("prune", every=hour, token=now.isoformat(), now=now)
        ]
        assert taken == [
            day,
            day + timedelta(minutes=30),
            day + timedelta(minutes=90),
            day + timedelta(minutes=150),
        ]

    run(body)


def test_a_schedule_belongs_to_no_partition() -> None:
    """Its key has a hash tag of its own."""
    assert slot_key("audit") == "bridge:{slots}:audit"
