"""What sweeps need of a store, whichever of them is behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.worker.store.conftest import LIMITS
from tests.worker.store.test_contract import LEASE, NOW, at, create, done, entry, take, update
from worker.commands import Guard, Stop
from worker.errors import LaneFull, Overtaken
from worker.interactions import EndedBy
from worker.lanes import Claim, Held, Partition, Settlement, Way
from worker.ports import Store
from worker.store.memory_sweeps import MemorySweeps
from worker.store.redis import RedisStore
from worker.store.sweeps import SWEEPS_CAP, RedisSweeps, SweepKeys
from worker.sweeps import Cursor, Idle, Named, Result, Sweep

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

HOME = Partition("support", 0)


def stop(external_id: str = "c-1", *, seen: float = 0, key: str = "sweep:1", **fields: Any) -> Stop:  # noqa: ANN401 - a command's fields
    """Return a sweep's stop that saw activity so many seconds into the test."""
    return Stop(
        service="support",
        external_id=external_id,
        idempotency_key=key,
        channel="sweep",
        received_at=NOW,
        guard=Guard(idle_since=at(seen), sweep="s"),
        **fields,
    )


async def opened(store: Store, *names: str, seconds: float = 0) -> None:
    """Open interactions."""
    for name in names:
        await store.append(create(f"mail:{name}", name), receipt_id=name, now=at(seconds))
        (claim,) = await take(store, seconds=seconds, token=f"open {name}")
        assert (
            await store.settle(claim, done(claim, seconds=seconds), lease=LEASE, now=at(seconds))
            is Held.EMPTY
        )


async def idle(
    store: Store, *, after: Cursor | None = None, until: float = 1e6, limit: int = 10
) -> list[str]:
    """Return who is idle."""
    page = await store.idle(HOME, after=after, until=at(until), limit=limit)
    return [each.external_id for each in page]


async def holding(store: Store, command: Stop, seconds: float = 100) -> Claim:
    """Append a sweep's command and claim its lane."""
    await store.append(command, receipt_id="s1", now=at(seconds))
    (claim,) = await take(store, seconds=seconds, token="sweep")
    return claim


def test_a_sweeps_command_is_taken_where_nothing_happened_since(run: Run) -> None:
    """Its arrival is no activity; the same again is a duplicate, whatever waits by then."""

    async def body(store: Store) -> None:
        await opened(store, "c-1")
        appended = await store.append(stop(), receipt_id="s1", now=at(100))
        assert (appended.receipt.position, appended.receipt.duplicate) == (0, False)
        (row,) = await store.idle(HOME, after=None, until=at(0), limit=9)
        assert (row.since, row.waiting) == (NOW, 1)
        again = await store.append(stop(reason_description="other"), receipt_id="s2", now=at(200))
        assert again.receipt.duplicate
        repeated = await store.append(stop(), receipt_id="s1", now=at(200))
        assert not repeated.receipt.duplicate
        view = await store.view("support", "c-1")
        assert view is not None
        assert view.history[-1].detail["sweep"] == "s"

    run(body)


@pytest.mark.parametrize("seen", [-0.001, 0.001, 50])
def test_a_sweeps_command_that_saw_something_else_is_overtaken(run: Run, seen: float) -> None:
    """To the millisecond, and nothing is changed by it."""

    async def body(store: Store) -> None:
        await opened(store, "c-1")
        before = await store.view("support", "c-1")
        with pytest.raises(Overtaken, match="'c-1' is not as the sweep saw it"):
            await store.append(stop(seen=seen), receipt_id="s1", now=at(100))
        assert await store.view("support", "c-1") == before

    run(body)


def test_a_sweeps_command_is_overtaken_by_whatever_waits(run: Run) -> None:
    """Also where the lane is full: that is no reason to come again."""

    async def body(store: Store) -> None:
        await opened(store, "c-1")
        for number in range(5):
            await store.append(update(f"mail:u{number}"), receipt_id=f"u{number}", now=NOW)
            with pytest.raises(Overtaken):
                await store.append(stop(), receipt_id="s1", now=at(100))
        with pytest.raises(LaneFull):
            await store.append(update("mail:u9"), receipt_id="u9", now=NOW)

    run(body)


def test_what_is_not_open_is_overtaken(run: Run) -> None:
    """What was never heard of, what is not created yet, what has ended."""

    async def body(store: Store) -> None:
        with pytest.raises(Overtaken):
            await store.append(stop("nobody"), receipt_id="s1", now=at(100))
        await opened(store, "c-1")
        claim = await holding(store, stop())
        ended = claim.interaction.ended(by=EndedBy.SWEEP, tombstone=NOW, at=at(100))
        settlement = Settlement(2, ended, (entry(2),), calls=2, keep=False, quiet=True)
        assert await store.settle(claim, settlement, lease=LEASE, now=at(100)) is Held.EMPTY
        assert await idle(store) == []
        with pytest.raises(Overtaken):
            await store.append(stop(key="sweep:2"), receipt_id="s2", now=at(200))

    run(body)


def test_a_quiet_settlement_is_no_activity(run: Run) -> None:
    """A loud one is."""

    async def body(store: Store) -> None:
        await opened(store, "c-1")
        claim = await holding(store, stop())
        left = claim.interaction.left_alone(at=at(100))
        await store.settle(
            claim, Settlement(2, left, (), 1, keep=False, quiet=True), lease=LEASE, now=at(100)
        )
        (row,) = await store.idle(HOME, after=None, until=at(0), limit=9)
        assert row == Idle("c-1", NOW, left, 0)
        await store.append(update("mail:2"), receipt_id="u", now=at(200))
        (claim,) = await take(store, seconds=200, token="t9")
        await store.settle(claim, done(claim, seconds=201), lease=LEASE, now=at(201))
        (row,) = await store.idle(HOME, after=None, until=at(999), limit=9)
        assert row.since == at(201)

    run(body)


def test_the_way_is_clear_until_something_newer_waits(run: Run) -> None:
    """Or a person pauses the sweeps, or somebody else has the lane."""

    async def body(store: Store) -> None:
        await opened(store, "c-1")
        claim = await holding(store, stop())
        assert await store.confirm(claim) is Way.CLEAR
        await store.pause_sweeps("support", reason="wrong rule")
        assert await store.confirm(claim) is Way.PAUSED
        await store.append(update("mail:2"), receipt_id="u", now=at(101))
        assert await store.confirm(claim) is Way.OVERTAKEN
        await take(store, seconds=1000, token="t9")
        assert await store.confirm(claim) is Way.STALE

    run(body)


def test_the_longest_idle_come_first_page_by_page(run: Run) -> None:
    """Those of one millisecond in the order of their names; up to a moment, which is included."""

    async def body(store: Store) -> None:
        await opened(store, "c-3", "c-1", "c-2")
        await opened(store, "c-0", seconds=5)
        assert await idle(store) == ["c-1", "c-2", "c-3", "c-0"]
        assert await idle(store, limit=2) == ["c-1", "c-2"]
        assert await idle(store, after=Cursor(NOW, "c-2")) == ["c-3", "c-0"]
        assert await idle(store, after=Cursor(at(5), "c-0")) == []
        assert await idle(store, until=5) == ["c-1", "c-2", "c-3", "c-0"]
        assert await idle(store, until=4.999) == ["c-1", "c-2", "c-3"]
        assert await idle(store, until=-0.001) == []

    run(body)


def test_a_place_that_moved_is_no_reason_to_miss_anybody(run: Run) -> None:
    """Whoever stood there is active again, or has ended: it goes on with what shared the millisecond."""

    async def body(store: Store) -> None:
        await opened(store, "c-1", "c-2", "c-3")
        await opened(store, "c-4", seconds=5)
        await store.append(update("mail:u", "c-2"), receipt_id="u", now=at(50))
        assert await idle(store, after=Cursor(NOW, "c-2")) == ["c-1", "c-3", "c-4", "c-2"]
        assert await idle(store, after=Cursor(at(1), "gone")) == ["c-4", "c-2"]

    run(body)


def test_what_is_open_is_counted_over_all_partitions(run: Run) -> None:
    """Waiting creates are not open yet."""

    async def body(store: Store) -> None:
        assert await store.open_count("wide") == 0
        await opened(store, "c-1", "c-2")
        await store.append(create("mail:9", "c-9"), receipt_id="r", now=NOW)
        assert await store.open_count("support") == 2

    run(body)


def test_stops_are_booked_within_the_cap_of_an_hour(run: Run) -> None:
    """All or none of them; the same sweep once; what is an hour old makes room."""

    async def body(store: Store) -> None:
        async def spend(sweep: str, count: int, seconds: float) -> int:
            return await store.spend("support", sweep=sweep, count=count, cap=10, now=at(seconds))

        assert await spend("a", 6, 0) == 0
        assert await spend("a", 6, 1) == 0, "the same again"
        assert await spend("b", 5, 2) == 6, "too many: not booked"
        assert await spend("c", 4, 3) == 6
        assert await spend("d", 1, 3599.999) == 10
        assert await spend("e", 1, 3600) == 4
        assert await store.spend("sales", sweep="a", count=1, cap=10, now=NOW) == 0

    run(body)


def test_places_and_times_of_sweeps_are_remembered(run: Run) -> None:
    """For each partition and service."""

    async def body(store: Store) -> None:
        other = Partition("support", 1)
        assert await store.bookmark(HOME) is None
        await store.put_bookmark(HOME, Cursor(NOW, "a|b"))
        await store.put_bookmark(other, Cursor(NOW, "c"))
        assert await store.bookmark(HOME) == Cursor(NOW, "a|b")
        await store.put_bookmark(HOME, None)
        assert (await store.bookmark(HOME), await store.bookmark(other)) == (None, Cursor(NOW, "c"))
        assert await store.last_swept("support") is None
        await store.mark_swept("support", now=NOW)
        assert (await store.last_swept("support"), await store.last_swept("sales")) == (NOW, None)

    run(body)


def record(number: int) -> Sweep:
    """Return the record of the n-th sweep."""
    named = Named(external_id="c-1", idle_since=NOW, what="stop", why="idle for 8 d")
    return Sweep(
        id=f"s{number:04}", service="support", at=at(number), by="person", result=Result.DONE, named=(named,)
    )


def test_the_last_sweeps_are_remembered(run: Run) -> None:
    """Newest first; the same one once; the oldest make room."""

    async def body(store: Store) -> None:
        for number in range(SWEEPS_CAP + 2):
            await store.record_sweep(record(number))
        await store.record_sweep(record(SWEEPS_CAP + 1))
        assert await store.sweeps("support", limit=2) == (record(SWEEPS_CAP + 1), record(SWEEPS_CAP))
        kept = await store.sweeps("support", limit=10_000)
        assert (len(kept), kept[-1]) == (SWEEPS_CAP, record(2))
        assert await store.sweeps("sales", limit=2) == ()

    run(body)


def test_sweeps_are_paused_with_a_reason(run: Run) -> None:
    """In every partition; a blank reason is put into words."""

    async def body(store: Store) -> None:
        assert await store.sweeps_paused("wide") == ""
        await store.pause_sweeps("wide", reason="wrong rule")
        assert (await store.sweeps_paused("wide"), await store.sweeps_paused("support")) == ("wrong rule", "")
        await store.pause_sweeps("wide", reason=" ")
        assert await store.sweeps_paused("wide") == "no reason given"
        await store.resume_sweeps("wide")
        assert await store.sweeps_paused("wide") == ""

    run(body)


def test_a_newer_bridges_words_hide_nothing(redis_url: str) -> None:
    """A row it wrote is idle without being read; a record it wrote is left out."""

    async def main() -> None:
        store = RedisStore.open(redis_url, LIMITS, timeout_s=5)
        try:
            await opened(store, "c-1")
            redis = store._link.redis
            await redis.hset("bridge:{support/0}:row:c-1", "record", '{"colour": "red"}')
            (row,) = await store.idle(HOME, after=None, until=at(9), limit=9)
            assert row.interaction is None
            await store.record_sweep(record(1))
            keys = SweepKeys.of("support")
            await redis.zadd(keys.times, {"s9": 9e15})
            await redis.hset(keys.records, "s9", '{"colour": "red"}')
            assert await store.sweeps("support", limit=9) == (record(1),)
        finally:
            await store.aclose()

    asyncio.run(main())


def test_both_stores_have_every_verb() -> None:
    """The twin answers whatever the store answers."""
    verbs = {name for name in vars(RedisSweeps) if not name.startswith("_")}
    assert verbs == {name for name in vars(MemorySweeps) if not name.startswith("_")}
