"""Whatever contradicts is found, mended and named, once; what is in order is left as it is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from worker.commands import Create
from worker.interactions import EndedBy
from worker.lanes import Burial, Claim, Entry, Partition, Settlement
from worker.letters import DeadCommand, Unreadable
from worker.store.keys import Keys
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore
from worker.upkeep import Flaw, Mended, Stretch

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
LEASE = timedelta(seconds=45)
HOME = Partition("support", 0)
KEYS = Keys.of(HOME)
LIMITS = Limits({"support": ServiceLimits(ended_retention_ms=30_000), "wide": ServiceLimits(partitions=3)})

Body = Callable[[RedisStore, Redis], Awaitable[None]]
Damage = Callable[[Redis], Awaitable[object]]


@pytest.fixture
def run(redis_url: str) -> Callable[[Body], None]:
    """Run a test body with a store and its Redis."""

    def runner(body: Body) -> None:
        async def main() -> None:
            store = RedisStore.open(redis_url, LIMITS, timeout_s=5)
            try:
                await body(store, store._link.redis)
            finally:
                await store.aclose()

        asyncio.run(main())

    return runner


async def live(store: RedisStore | MemoryStore) -> None:
    """Fill a store with one conversation in each condition, and with letters."""
    for name in ("open", "over", "parked", "behind", "working", "waiting"):
        if name != "waiting":
            await _deliver(store, name)
    await _append(store, "waiting", 1)
    letter = Unreadable(id="u-1", service="support", channel="mail", reason="?", arrived_at=NOW, body=b"")
    await store.keep(letter)


async def _append(store: RedisStore | MemoryStore, name: str, number: int) -> None:
    key = f"{name}:{number}"
    create = Create(service="support", external_id=name, idempotency_key=key, channel="mail", received_at=NOW)
    await store.append(create, receipt_id=key, now=NOW)


async def _deliver(store: RedisStore | MemoryStore, name: str) -> None:
    await _append(store, name, 1)
    if name == "behind":
        await _append(store, name, 2)
    (claim,) = await store.claim(HOME, limit=9, lease=LEASE, token=name, now=NOW)
    line = Entry(at=NOW, event="applied", sequence=1)
    row = claim.interaction.opened(interaction_id="I1", channel="mail", at=NOW)
    if name in {"parked", "behind"}:
        await store.bury(claim, Burial(_letter(claim), line, park=True, failed=False, calls=1), now=NOW)
    elif name != "working":
        if name == "over":
            row = row.ended(by=EndedBy.BRIDGE, tombstone=NOW, at=NOW)
        await store.settle(claim, Settlement(1, row, (line,), 1, keep=False), lease=LEASE, now=NOW)


def _letter(claim: Claim) -> DeadCommand:
    command = claim.commands[0].command
    assert command is not None
    return DeadCommand(
        id=f"d-{claim.external_id}",
        cause="rejected",
        reason="400",
        buried_at=NOW,
        attempts=1,
        sequence=1,
        command=command,
    )


async def audited(store: RedisStore, *, limit: int = 10_000) -> set[tuple[str, str]]:
    """Walk through the whole store and return the flaws found, each with what it was found in."""
    found: set[tuple[str, str]] = set()
    for _ in range(1000):
        report = await store.audit(limit=limit, now=NOW)
        assert all(each.partition == HOME for each in report.mended)
        found |= {(each.flaw.value, each.name) for each in report.mended}
        if report.whole:
            return found
    pytest.fail("the walk has no end")


def test_a_store_that_only_verbs_have_touched_is_in_order(run: Callable[[Body], None]) -> None:
    """Open, over, parked, worked on, waiting, dead: nothing to mend, and nothing is changed."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        before = {key: await redis.dump(key) for key in await redis.keys("bridge:{support*")}
        report = await store.audit(limit=10_000, now=NOW)
        assert (report.mended, report.whole) == ((), True)
        assert report.looked > 6
        assert {key: await redis.dump(key) for key in await redis.keys("bridge:{support*")} == before

    run(body)


#: What somebody did by hand → the flaw that is found, and where.
DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "a waiting lane fell out of due": (lambda r: r.zrem(KEYS.due, "waiting"), "forgotten", "waiting"),
    "a claimed lane fell out of due": (lambda r: r.zrem(KEYS.due, "working"), "forgotten", "working"),
    "an idle lane is due": (lambda r: r.zadd(KEYS.due, {"open": MS}), "vacant", "open"),
    "an unheard-of lane is due": (lambda r: r.zadd(KEYS.due, {"nobody": MS}), "vacant", "nobody"),
    "a parked lane with work is due": (lambda r: r.zadd(KEYS.due, {"behind": MS}), "loose", "behind"),
    "a parking letter is lost": (lambda r: r.delete(KEYS.letter("d-behind")), "stranded", "behind"),
    "an open row is not in the index": (lambda r: r.zrem(KEYS.active, "open"), "unindexed", "open"),
    "an ended row is in the index": (lambda r: r.zadd(KEYS.active, {"over": MS}), "lingering", "over"),
    "an unheard-of row is in the index": (lambda r: r.zadd(KEYS.active, {"ghost": MS}), "lingering", "ghost"),
    "a free lane counts as in flight": (lambda r: r.zadd(KEYS.out, {"open": MS + 9999}), "idle", "open"),
    "what is over is kept for ever": (lambda r: r.persist(KEYS.row("over")), "endless", "over"),
    "a history without a row is kept": (lambda r: r.rpush(KEYS.history("lone"), "{}"), "endless", "lone"),
    "an open row was going to expire": (lambda r: r.expire(KEYS.row("open"), 99), "mortal", "open"),
    "waiting work was going to expire": (lambda r: r.expire(KEYS.row("waiting"), 99), "mortal", "waiting"),
    "a letter is not in the list": (lambda r: r.zrem(KEYS.dead, "u-1"), "unlisted", "u-1"),
    "the list names a lost letter": (lambda r: r.zadd(KEYS.dead, {"lost": MS}), "blank", "lost"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_contradiction_is_found_and_mended_once(run: Callable[[Body], None], name: str) -> None:
    """By hand in Redis: the next walk names it, the one after that finds everything in order."""
    damage, flaw, where = DAMAGES[name]

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        assert await damage(redis)
        found = await audited(store)
        assert (flaw, where) in found
        assert {place for _, place in found} <= {where, "d-behind"}
        assert await audited(store) == set()

    run(body)


def test_every_flaw_has_a_damage_that_shows_it() -> None:
    """No rule stands untested."""
    assert {flaw for _, flaw, _ in DAMAGES.values()} == set(Flaw)


@pytest.mark.parametrize("name", DAMAGES)
def test_a_dry_look_names_the_same_and_changes_nothing(run: Callable[[Body], None], name: str) -> None:
    """However often; the next real look finds what it named."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        await DAMAGES[name][0](redis)
        dry = [set((await store.audit(limit=10_000, now=NOW, dry=True)).mended) for _ in range(2)]
        report = await store.audit(limit=10_000, now=NOW)
        assert dry == [set(report.mended)] * 2

    run(body)


def test_whoever_watches_hears_how_far_it_is(run: Callable[[Body], None]) -> None:
    """Of all keys and all that stands in lists, up to the last one, with what was found so far."""
    memory = MemoryStore(LIMITS)
    heard: list[Stretch] = []

    async def body(store: RedisStore, redis: Redis) -> None:
        for each in (store, memory):
            await live(each)
        await DAMAGES["a waiting lane fell out of due"][0](redis)
        await store.audit(limit=10_000, now=NOW, dry=True, watch=heard.append)
        keys = await redis.dbsize()
        members = [await redis.zcard(each) for each in (KEYS.due, KEYS.active, KEYS.out, KEYS.dead)]
        assert heard[-1] == Stretch(keys + sum(members), keys + sum(members), 1)
        assert [each.passed for each in heard] == sorted(each.passed for each in heard)
        looked = (await memory.audit(limit=10_000, now=NOW, watch=heard.append)).looked
        assert heard[-1] == Stretch(looked, looked, 0)

    run(body)


def test_mended_work_is_done(run: Callable[[Body], None]) -> None:
    """A lane that nobody would have looked at again is claimed."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        await redis.zrem(KEYS.due, "waiting")
        assert await store.claim(HOME, limit=9, lease=LEASE, token="x", now=NOW) == ()
        await audited(store)
        (claim,) = await store.claim(HOME, limit=9, lease=LEASE, token="y", now=NOW)
        assert claim.external_id == "waiting"

    run(body)


def test_the_retention_of_what_is_over_begins(run: Callable[[Body], None]) -> None:
    """All that belongs to it is forgotten in the end."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        for key in (KEYS.row("over"), KEYS.history("over")):
            await redis.persist(key)
        await audited(store)
        for key in (KEYS.row("over"), KEYS.history("over")):
            assert 0 < await redis.pttl(key) <= 30_000

    run(body)


def test_one_look_is_bounded_and_the_next_goes_on(run: Callable[[Body], None]) -> None:
    """Over 20,000 keys of somebody else's and 3,000 of ours, in steps of 2,000."""

    async def body(store: RedisStore, redis: Redis) -> None:
        pipeline = redis.pipeline(transaction=False)
        for number in range(20_000):
            pipeline.set(f"other:{number}", 1)
        for number in range(3000):
            pipeline.rpush(KEYS.lane(f"c-{number}"), "1|r|0|{}")
        await pipeline.execute()
        looks, mended = 0, 0
        while True:
            report = await store.audit(limit=2000, now=NOW)
            looks, mended = looks + 1, mended + len(report.mended)
            assert len(report.mended) < 2000
            if report.whole:
                break
        assert looks >= 11
        assert mended == 3000
        assert await redis.zcard(KEYS.due) == 3000

    run(body)


def test_a_place_that_is_no_longer_there_is_no_trouble(run: Callable[[Body], None]) -> None:
    """A service went from the settings: the walk begins anew."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        await redis.hset("bridge:{audit}:place", mapping={"walk": "bridge:{old/0}:due", "cursor": 7})
        await redis.zrem(KEYS.due, "waiting")
        assert await audited(store) == {("forgotten", "waiting")}

    run(body)


def test_a_check_under_way_is_no_flaw(run: Callable[[Body], None]) -> None:
    """It stands among the lanes in flight, and is none."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await live(store)
        await store.enlist(HOME, limit=10)
        later = NOW + timedelta(seconds=1)
        await store.check(HOME, before=later, lease=LEASE, token="c", now=NOW)
        assert await redis.zscore(KEYS.out, "\0check")
        assert await audited(store) == set()

    run(body)


def test_a_row_of_a_newer_bridge_is_left_alone(run: Callable[[Body], None]) -> None:
    """What cannot be read is taken for needed."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await redis.hset(KEYS.row("new"), "record", "\x01packed")
        assert await audited(store) == set()
        assert await redis.pttl(KEYS.row("new")) == -1

    run(body)


def test_the_store_in_memory_finds_the_same() -> None:
    """Of what can be wrong there."""

    async def scene() -> None:
        store = MemoryStore(LIMITS)
        await live(store)
        assert (await store.audit(limit=1, now=NOW)).mended == ()
        share = store._state.shares[HOME]
        del share.due["waiting"]
        share.due |= {"open": NOW, "behind": NOW}
        share.lanes["over"].activity = NOW
        share.lanes["open"].activity = None
        share.gate.out["parked"] = MS + 999
        share.lanes["parked"].parked = "lost"
        report = await store.audit(limit=1, now=NOW)
        assert set(report.mended) == {
            Mended(HOME, Flaw.FORGOTTEN, "waiting"),
            Mended(HOME, Flaw.VACANT, "open"),
            Mended(HOME, Flaw.LOOSE, "behind"),
            Mended(HOME, Flaw.LINGERING, "over"),
            Mended(HOME, Flaw.UNINDEXED, "open"),
            Mended(HOME, Flaw.IDLE, "parked"),
            Mended(HOME, Flaw.STRANDED, "parked"),
        }
        assert (await store.audit(limit=1, now=NOW)).mended == ()

    asyncio.run(scene())
