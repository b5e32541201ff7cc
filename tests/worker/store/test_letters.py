"""Dead letters are found newest first, whatever their kind and partition."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from worker.commands import Create
from worker.lanes import Burial, Entry, Partition
from worker.letters import DeadCommand, Unreadable
from worker.ports import Store
from worker.store.keys import Keys
from worker.store.limits import Limits
from worker.store.redis import RedisStore

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def letter(number: int, service: str = "wide") -> Unreadable:
    """Return a delivery that arrived so many seconds into the test."""
    return Unreadable(
        id=f"u{number}",
        service=service,
        channel="mail",
        reason="not JSON",
        arrived_at=NOW + timedelta(seconds=number),
        headers=(("Content-Type", "text/plain"),),
        body=b"\x00\xff",
    )


async def bury(store: Store, number: int) -> DeadCommand:
    """Append a command and bury it so many seconds into the test."""
    at = NOW + timedelta(seconds=number)
    create = Create(
        service="wide",
        external_id=f"c-{number}",
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
    )
    await store.append(create, receipt_id=f"r{number}", now=at)
    dead = DeadCommand(
        id=f"d{number}",
        cause="rejected",
        reason="400",
        buried_at=at,
        attempts=1,
        sequence=1,
        command=create,
    )
    for index in range(4):
        home, lease = Partition("wide", index), timedelta(seconds=45)
        for claim in await store.claim(home, limit=1, lease=lease, token=f"{number}/{index}", now=at):
            burial = Burial(dead, Entry(at=at, event="buried", sequence=1), park=False, failed=False, calls=1)
            await store.bury(claim, burial, now=at)
    return dead


def test_the_newest_of_all_partitions_and_kinds_come_first(run: Run) -> None:
    """Buried commands and unreadable deliveries in one list, no longer than asked for."""

    async def body(store: Store) -> None:
        await store.keep(letter(5))
        buried = [await bury(store, number) for number in (1, 2, 7, 9)]
        await store.keep(letter(8))
        letters = (buried[3], letter(8), buried[2], letter(5), buried[1], buried[0])
        expected = tuple(each.head for each in letters)
        assert await store.dead("wide", limit=100) == expected
        assert await store.dead("wide", limit=2) == expected[:2]
        assert await store.dead("wide", limit=2, offset=2) == expected[2:4]
        assert await store.dead("wide", limit=9, offset=5) == expected[5:]
        assert await store.dead("wide", limit=9, offset=6) == ()
        assert await store.dead("support", limit=100) == ()

    run(body)


def in_redis(url: str, body: Callable[[RedisStore], Awaitable[None]]) -> None:
    """Run a body with a Redis store."""

    async def main() -> None:
        store = RedisStore.open(url, Limits(), timeout_s=5)
        try:
            await body(store)
        finally:
            await store.aclose()

    asyncio.run(main())


def test_a_letter_that_was_removed_is_not_listed(redis_url: str) -> None:
    """The index may know more than there is."""

    async def body(store: RedisStore) -> None:
        await store.keep(letter(1, "support"))
        await store.keep(letter(2, "support"))
        await store._link.redis.delete(Keys.of(Partition("support", 0)).letter("u2"))
        assert await store.dead("support", limit=9) == (letter(1, "support").head,)

    in_redis(redis_url, body)


def test_a_list_reads_no_bodies(redis_url: str) -> None:
    """It stands on the heads alone: ten thousand large mails are listed as fast as small ones."""

    async def body(store: RedisStore) -> None:
        await store.keep(letter(1, "support"))
        dead = await bury(store, 2)
        for partition, letter_id in (("support", "u1"), ("wide", "d2")):
            await store._link.redis.hdel(Keys.of(Partition(partition, 0)).letter(letter_id), "letter")
        assert await store.dead("support", limit=9) == (letter(1, "support").head,)
        assert await store.dead("wide", limit=9) == (dead.head,)

    in_redis(redis_url, body)


def test_more_heads_than_one_trip_takes_come_in_order(redis_url: str) -> None:
    """A thousand letters, in pages of the store's own."""

    async def body(store: RedisStore) -> None:
        await asyncio.gather(*(store.keep(letter(number, "support")) for number in range(1001)))
        found = await store.dead("support", limit=9999)
        assert [head.id for head in found] == [f"u{number}" for number in reversed(range(1001))]

    in_redis(redis_url, body)


def test_a_buried_command_keeps_its_history(redis_url: str) -> None:
    """The conversation's lines at that time stand beside the letter, for whoever reads it later."""

    async def body(store: RedisStore) -> None:
        await bury(store, 1)
        home = Keys.of(Partition("wide", 0))
        history = await store._link.redis.hget(home.letter("d1"), "history")
        assert [b'"event":"received"' in line for line in history.splitlines()] == [True, False]

    in_redis(redis_url, body)


def test_a_letter_of_a_newer_bridge_hides_no_other(redis_url: str) -> None:
    """What can be read is listed."""

    async def body(store: RedisStore) -> None:
        await store.keep(letter(1, "support"))
        await store.keep(letter(2, "support"))
        key = Keys.of(Partition("support", 0)).letter("u2")
        newer = '{"kind": "something newer"}'
        await store._link.redis.hset(key, mapping={"letter": newer, "head": newer})
        assert await store.dead("support", limit=9) == (letter(1, "support").head,)
        assert await store.letter("support", "u2") is None
        assert await store.letter("support", "u1") == (letter(1, "support"), ())

    in_redis(redis_url, body)
