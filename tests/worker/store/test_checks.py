"""A check takes what was checked longest ago, when live work can spare it, and writes what is still so."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from worker.commands import Create, Update
from worker.interactions import EndedBy, Interaction, State
from worker.lanes import Claim, Entry, Held, Partition, Settlement
from worker.ports import Store
from worker.store.keys import Keys
from worker.store.limits import Limits, ServiceLimits
from worker.store.redis import RedisStore
from worker.upkeep import Check, Unchecked

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
REST = timedelta(hours=1)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the test."""
    return NOW + timedelta(seconds=seconds)


def command(kind: type[Create] | type[Update], key: str, external_id: str, service: str) -> Create | Update:
    """Return a command."""
    return kind(
        service=service, external_id=external_id, idempotency_key=key, channel="mail", received_at=NOW
    )


async def take(store: Store, service: str, *, seconds: float = 0) -> tuple[Claim, ...]:
    """Claim what is due."""
    return await store.claim(
        Partition(service, 0), limit=9, lease=LEASE, token=f"claim-{seconds}", now=at(seconds)
    )


async def open_up(store: Store, *names: str, service: str = "support", seconds: float = 0) -> None:
    """Have interactions created; all are idle afterwards, and on the list of what is checked."""
    for name in names:
        await store.append(
            command(Create, f"k:{name}", name, service), receipt_id=f"r:{name}", now=at(seconds)
        )
    for claim in await take(store, service, seconds=seconds):
        row = claim.interaction.opened(interaction_id="I1", channel="mail", at=at(seconds))
        done = Settlement(1, row, (Entry(at=at(seconds), event="applied", sequence=1),), calls=1, keep=False)
        assert await store.settle(claim, done, lease=LEASE, now=at(seconds)) is Held.EMPTY
    await store.enlist(Partition(service, 0), limit=100)


async def check(
    store: Store, *, hours: float = 2, service: str = "support", token: str = ""
) -> Check | Unchecked:
    """Begin a check so many hours into the test."""
    now = NOW + timedelta(hours=hours)
    return await store.check(
        Partition(service, 0), before=now - REST, lease=LEASE, token=token or f"check-{hours}", now=now
    )


def taken(found: Check | Unchecked) -> Check:
    """Return the check, which there is."""
    assert isinstance(found, Check)
    return found


def gone(check: Check) -> Interaction:
    """Return the row of what was not found."""
    return check.interaction.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=at(7200))


LINE = Entry(at=at(7200), event="gone", sequence=0)


def test_the_one_checked_longest_ago_is_next(run: Run) -> None:
    """First by activity, then by check; and none again before it has rested."""

    async def body(store: Store) -> None:
        await open_up(store, "second", seconds=10)
        await open_up(store, "first", seconds=5)
        assert await check(store, hours=1) is Unchecked.NONE, "both were active within the hour"
        names = []
        for number in range(3):
            found = await check(store, hours=2 + number / 100)
            if isinstance(found, Check):
                names.append(found.interaction.external_id)
                await store.observe(found, "Queued|I1", None, now=at(7200))
        assert names == ["first", "second"]
        assert taken(await check(store, hours=4)).interaction.external_id == "first"

    run(body)


def test_what_is_gone_is_closed(run: Run) -> None:
    """It is ended elsewhere, is no longer open, and its history says so; a repetition changes nothing."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        found = taken(await check(store))
        for _ in range(2):
            assert await store.close(found, gone(found), LINE, now=at(7201))
        view = await store.view("support", "c-1")
        assert view is not None
        assert (view.interaction.state, view.interaction.ended_by) == (State.ENDED, EndedBy.ELSEWHERE)
        assert [line.event for line in view.history] == ["received", "applied", "gone"]
        assert await store.interactions("support", limit=9) == ()
        assert await check(store, hours=9) is Unchecked.NONE

    run(body)


@pytest.mark.parametrize("delivered", [False, True], ids=["waits", "delivered"])
def test_what_happened_meanwhile_wins(run: Run, *, delivered: bool) -> None:
    """A command that waits, or one that was delivered: nothing is closed over its head."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        found = taken(await check(store))
        update = command(Update, "u", "c-1", "support")
        await store.append(update, receipt_id="u", now=at(7201))
        if delivered:
            (claim,) = await take(store, "support", seconds=7202)
            done = Settlement(2, claim.interaction, (), calls=1, keep=False)
            await store.settle(claim, done, lease=LEASE, now=at(7202))
        assert not await store.close(found, gone(found), LINE, now=at(7203))
        assert not await store.observe(found, "Queued|", LINE, now=at(7203)) or not delivered
        (row,) = await store.interactions("support", limit=9)
        assert row.state is State.OPEN

    run(body)


def test_a_lane_with_work_is_left_to_its_delivery(run: Run) -> None:
    """Its next call finds out by itself."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        update = command(Update, "u", "c-1", "support")
        await store.append(update, receipt_id="u", now=NOW + timedelta(hours=2))
        assert await check(store) is Unchecked.NONE

    run(body)


def test_what_was_seen_is_remembered(run: Run) -> None:
    """A line where one is given, once; the next check knows what the last one saw."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        first = taken(await check(store))
        assert first.seen == ""
        assert not await store.observe(first, "Queued|I1", None, now=at(7200))
        second = taken(await check(store, hours=4))
        assert second.seen == "Queued|I1"
        assert await store.observe(second, "Routing|I1", LINE, now=at(14400))
        assert not await store.observe(second, "Routing|I1", LINE, now=at(14400)), "a repetition"
        view = await store.view("support", "c-1")
        assert view is not None
        assert [line.event for line in view.history] == ["received", "applied", "gone"]

    run(body)


def test_one_check_at_a_time(run: Run) -> None:
    """It counts as a lane in flight until it ends, or its lease does; the same token gets the same check."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1", "c-2")
        first = taken(await check(store, token="x"))
        again = await check(store, token="x")
        assert again == first
        assert await check(store, hours=2.001) is Unchecked.BUSY
        backlog = await store.backlog(Partition("support", 0), now=NOW + timedelta(hours=2))
        assert backlog.in_flight == 1
        await store.miss(first, as_if_at=NOW, failed=False, now=at(7200))
        assert taken(await check(store, hours=2.002)).interaction.external_id == "c-1"
        assert isinstance(await check(store, hours=2.1), Check), "its lease has lapsed"

    run(body)


def test_a_check_keeps_out_of_the_way_of_live_work(run: Run) -> None:
    """While anything has been due for more than a second, nothing is checked."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        late = NOW + timedelta(hours=2, seconds=-1.5)
        await store.append(command(Create, "n", "new", "support"), receipt_id="n", now=late)
        assert await check(store) is Unchecked.BUSY
        await take(store, "support", seconds=7200)
        assert isinstance(await check(store, hours=2.001), Check), "it is being worked on"

    run(body)


def test_half_of_what_the_rate_has_saved_up_is_not_for_checks(run: Run) -> None:
    """Two a second with a burst of four: one call is left to checks, two always to live updates."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1", "c-2", "c-3", service="metered")
        first = taken(await check(store, service="metered"))
        await store.observe(first, "Queued|", None, now=NOW + timedelta(hours=2))
        second = taken(await check(store, hours=2.0000001, service="metered", token="y"))
        await store.observe(second, "Queued|", None, now=NOW + timedelta(hours=2))
        assert await check(store, hours=2.0000001, service="metered", token="z") is Unchecked.BUSY
        for name in ("n-1", "n-2", "n-3"):
            new = command(Create, name, name, "metered")
            await store.append(new, receipt_id=name, now=NOW + timedelta(hours=2))
        assert len(await take(store, "metered", seconds=7200)) == 2

    run(body)


def test_a_check_respects_the_cap_and_fills_it(run: Run) -> None:
    """Two lanes in flight: with two at work no check begins, and with one and a check no second lane."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1", service="narrow")
        for name in ("n-1", "n-2"):
            new = command(Create, name, name, "narrow")
            await store.append(new, receipt_id=name, now=NOW + timedelta(hours=2))
        assert isinstance(await check(store, service="narrow"), Check)
        assert len(await take(store, "narrow", seconds=7200)) == 1

    run(body)


def test_a_shut_service_is_not_checked(run: Run) -> None:
    """Paused or held: not one call."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        await store.pause("support", reason="they move")
        assert await check(store) is Unchecked.SHUT
        await store.resume("support")
        await store.hold("support", until=NOW + timedelta(hours=3), reason="429")
        assert await check(store) is Unchecked.SHUT

    run(body)


def test_a_check_may_be_the_one_that_tries_a_service_again(run: Run) -> None:
    """After a hold one tries; its answer opens the gate, its failure shuts it again."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1", "c-2", service="fragile")
        await store.hold("fragile", until=NOW + timedelta(hours=2), reason="503")
        found = taken(await check(store, service="fragile"))
        new = command(Create, "n", "new", "fragile")
        await store.append(new, receipt_id="n", now=NOW + timedelta(hours=2))
        assert await take(store, "fragile", seconds=7200.1) == (), "one tries at a time"
        failing = NOW + timedelta(hours=2, seconds=1)
        assert await store.miss(found, as_if_at=NOW, failed=True, now=failing)
        backlog = await store.backlog(Partition("fragile", 0), now=failing)
        assert backlog.held_until == failing + timedelta(seconds=5)

    run(body)


def test_a_check_without_an_answer_has_its_turn_again(run: Run) -> None:
    """At the time that was said, and not at the end of the queue."""

    async def body(store: Store) -> None:
        await open_up(store, "c-1")
        found = taken(await check(store))
        assert not await store.miss(found, as_if_at=at(3900), failed=True, now=at(7200))
        assert await check(store, hours=2.05) is Unchecked.NONE
        assert isinstance(await check(store, hours=2.1), Check)

    run(body)


def on_redis(redis_url: str, body: Callable[[RedisStore, Redis], Awaitable[None]]) -> None:
    """Run a body with a store and its Redis."""

    async def main() -> None:
        limits = Limits({"support": ServiceLimits(ended_retention_ms=30_000)})
        store = RedisStore.open(redis_url, limits, timeout_s=5)
        try:
            await body(store, store._link.redis)
        finally:
            await store.aclose()

    asyncio.run(main())


def test_what_was_closed_will_be_forgotten(redis_url: str) -> None:
    """As after a stop: row and history after their retention, keys at once."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await open_up(store, "c-1")
        found = taken(await check(store))
        await store.close(found, gone(found), LINE, now=at(7200))
        keys = Keys.of(Partition("support", 0))
        assert 0 < await redis.pttl(keys.row("c-1")) <= 30_000
        assert 0 < await redis.pttl(keys.history("c-1")) <= 30_000
        assert not await redis.exists(keys.keys("c-1"))
        assert not await redis.zcard(keys.checked)

    on_redis(redis_url, body)


def test_a_row_of_a_newer_bridge_is_left_to_it(redis_url: str) -> None:
    """It is passed over, and the next one is checked."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await open_up(store, "c-1")
        await open_up(store, "c-2", seconds=1)
        await redis.hset(Keys.of(Partition("support", 0)).row("c-1"), "record", '{"state":"hovering"}')
        assert await check(store) is Unchecked.BUSY
        assert taken(await check(store, hours=2.001)).interaction.external_id == "c-2"

    on_redis(redis_url, body)


def test_the_list_is_kept_up_a_page_at_a_time(redis_url: str) -> None:
    """However many are open, one call reads a bounded part, and each is on the list in the end."""

    async def body(store: RedisStore, redis: Redis) -> None:
        keys = Keys.of(Partition("support", 0))
        await redis.zadd(keys.active, {f"c-{number}": number for number in range(5000)})
        counts = []
        for _ in range(20):
            assert await store.enlist(Partition("support", 0), limit=500) == 5000
            counts.append(await redis.zcard(keys.checked))
        assert counts[0] < 1500
        assert counts[-1] == 5000

    on_redis(redis_url, body)
