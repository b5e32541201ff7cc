"""Counts fold into larger spans and in the end go: none is lost on the way, and few stand at any time.

That `lua/pace.lua` does the same is proved by the last test here, and in test_interleavings.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from worker.letters import Unreadable
from worker.pace import Bucket, Counted, Pace, Span
from worker.store import pace as paces
from worker.store.limits import Limits
from worker.store.memory import MemoryStore
from worker.store.pace import counted
from worker.store.redis import RedisStore

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
#: Between two counts: seconds to days.
steps = st.lists(st.sampled_from([1, 61, 1300, 4000, 90_000, 800_000]), max_size=40)
MINUTE, HOUR, DAY = 60_000, 3_600_000, 24 * 3_600_000


def ms(moment: datetime) -> int:
    """Return a moment in milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def test_counts_of_a_minute_add_up() -> None:
    """Each thing in its own place."""
    pace = counted(counted(Pace(), Counted.ACCEPTED, 1, 0), Counted.ACCEPTED, 2, MINUTE - 1)
    pace = counted(pace, Counted.DEAD, 1, MINUTE)
    assert pace.counts == {
        Bucket(Span.MINUTE, 0, Counted.ACCEPTED): 3,
        Bucket(Span.MINUTE, 1, Counted.DEAD): 1,
    }


def test_what_is_old_is_folded_and_then_dropped() -> None:
    """After 20 minutes into its hour, after 26 hours into its day, after 8 days nowhere."""
    first = counted(Pace(), Counted.ACCEPTED, 5, HOUR + 1)

    def after(now: int) -> set[Bucket]:
        return set(counted(first, Counted.DEAD, 1, now).counts) - {
            Bucket(Span.MINUTE, now // MINUTE, Counted.DEAD)
        }

    assert after(HOUR + 20 * MINUTE - 1) == {Bucket(Span.MINUTE, 60, Counted.ACCEPTED)}
    assert after(HOUR + 20 * MINUTE) == {Bucket(Span.HOUR, 1, Counted.ACCEPTED)}
    assert after(27 * HOUR - 1) == {Bucket(Span.HOUR, 1, Counted.ACCEPTED)}
    assert after(27 * HOUR) == {Bucket(Span.DAY, 0, Counted.ACCEPTED)}
    assert after(8 * DAY - 1) == {Bucket(Span.DAY, 0, Counted.ACCEPTED)}
    assert after(8 * DAY) == set()


@given(steps=steps)
def test_nothing_is_lost_on_the_way_and_little_stands(steps: list[int]) -> None:
    """The last minutes, hours and days say what happened in them, from at most 57 counts of each thing."""
    now, pace, happened = START, Pace(), []
    for step in steps:
        now += timedelta(seconds=step)
        happened.append(now)
        pace = counted(pace, Counted.ACCEPTED, 1, ms(now))
    for span, length in ((Span.MINUTE, 15), (Span.HOUR, 24), (Span.DAY, 7)):
        present = int(now.timestamp()) // span.seconds
        numbers = [int(each.timestamp()) // span.seconds for each in happened]
        expected = tuple(numbers.count(each) for each in range(present - length + 1, present + 1))
        assert pace.series(Counted.ACCEPTED, span, length, now) == expected
    assert len(pace.counts) <= 20 + 27 + 9


def test_a_count_that_comes_late_is_folded_as_well() -> None:
    """Clocks of several machines differ."""
    now = 100 * MINUTE
    pace = counted(counted(Pace(), Counted.DEAD, 1, now), Counted.DEAD, 1, now - 50 * MINUTE)
    pace = counted(pace, Counted.DEAD, 1, now + MINUTE)
    assert pace.counts[Bucket(Span.HOUR, 0, Counted.DEAD)] == 1


def test_what_stands_in_redis_is_read() -> None:
    """Span, number and thing, and the count."""
    stored = {b"m:7:accepted": b"3", b"d:1:dead": b"12"}
    assert paces.read(stored).counts == {
        Bucket(Span.MINUTE, 7, Counted.ACCEPTED): 3,
        Bucket(Span.DAY, 1, Counted.DEAD): 12,
    }


def test_redis_counts_as_the_twin_does(redis_url: str) -> None:
    """Over weeks, with pauses of every length, back and forth."""
    lengths = (5, 59, 61, 1100, 3600, -1800, 90_000, 3600, 700_000, 61, 20_000)
    moments = [START]
    for length in lengths * 3:
        moments.append(moments[-1] + timedelta(seconds=length))
    assert any(after < before for before, after in pairwise(moments))

    async def main() -> None:
        twins = MemoryStore(), RedisStore.open(redis_url, Limits(), timeout_s=5)
        for number, moment in enumerate(moments):
            letter = Unreadable(
                id=f"u{number}", service="support", channel="mail", reason="?", arrived_at=moment, body=b""
            )
            for store in twins:
                for _ in range(2):  # kept once, counted once
                    await store.keep(letter)
            memory, real = [await store.pace("support") for store in twins]
            assert memory == real
        await twins[1].aclose()

    asyncio.run(main())
