"""Notices are written by the verb that makes them true, once, and stay until they were passed on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from worker.commands import Create
from worker.interactions import EndedBy
from worker.lanes import Burial, Claim, Entry, Held, Partition, Settlement
from worker.letters import DeadCommand
from worker.notices import Notice, NoticeKind
from worker.ports import Store
from worker.store.keys import Keys
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.upkeep import Check

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
HOME = Partition("support", 0)


def notice(name: str, kind: NoticeKind = NoticeKind.CREATED) -> Notice:
    """Return a notice."""
    return Notice(id=name, kind=kind, at=NOW, service="support", external_id="c-1", generation=1, sequence=1)


async def claim_of(store: Store, external_id: str = "c-1", token: str = "t1") -> Claim:  # noqa: S107 - a claim's token
    """Submit a create and claim its lane."""
    create = Create(
        service="support",
        external_id=external_id,
        idempotency_key=f"mail:{external_id}",
        channel="mail",
        received_at=NOW,
    )
    await store.append(create, receipt_id="r1", now=NOW)
    (claim,) = await store.claim(HOME, limit=1, lease=LEASE, token=token, now=NOW)
    return claim


def settlement(claim: Claim, *notices: Notice) -> Settlement:
    """Return the settlement of a claim's head."""
    opened = claim.interaction.opened(interaction_id="I1", channel="mail", at=NOW)
    entry = Entry(at=NOW, event="applied", sequence=1)
    return Settlement(1, opened, (entry,), calls=1, keep=False, notices=notices)


async def waiting(store: Store, limit: int = 99) -> list[str]:
    """Return the ids of what was not passed on."""
    return [each.id for _, each in await store.untold(HOME, limit=limit)]


def test_a_settlement_writes_its_notices(run: Run) -> None:
    """In their order, whole, and beside the history, which is as it always was."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        told = notice("evt_1"), notice("evt_2", NoticeKind.UPDATED)
        assert await store.settle(claim, settlement(claim, *told), lease=LEASE, now=NOW) is Held.EMPTY
        assert [each for _, each in await store.untold(HOME, limit=99)] == list(told)
        assert (await store.backlog(HOME, now=NOW)).untold == 2
        view = await store.view("support", "c-1")
        assert view is not None
        assert [line.event for line in view.history] == ["received", "applied"]

    run(body)


def test_repeating_a_settlement_writes_nothing_twice(run: Run) -> None:
    """A lost answer costs nothing."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        for _ in range(2):
            await store.settle(claim, settlement(claim, notice("evt_1")), lease=LEASE, now=NOW)
        assert await waiting(store) == ["evt_1"]

    run(body)


def test_who_lost_the_lane_tells_nothing(run: Run) -> None:
    """What was not written did not happen."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        await store.claim(HOME, limit=1, lease=LEASE, token="t2", now=NOW + LEASE)
        told = settlement(claim, notice("evt_1"))
        assert await store.settle(claim, told, lease=LEASE, now=NOW) is Held.STALE
        assert await waiting(store) == []

    run(body)


def test_a_burial_writes_its_notice_once(run: Run) -> None:
    """With the letter, in one step."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        command = claim.commands[0].command
        assert command is not None
        letter = DeadCommand(
            id="L1",
            cause="rejected",
            reason="400",
            buried_at=NOW,
            attempts=1,
            sequence=1,
            command=command,
        )
        entry = Entry(at=NOW, event="buried", sequence=1)
        told = (notice("evt_1", NoticeKind.DEAD),)
        burial = Burial(letter, entry, park=False, failed=False, calls=1, notices=told)
        for _ in range(2):
            await store.bury(claim, burial, now=NOW)
        assert await waiting(store) == ["evt_1"]

    run(body)


def test_what_a_check_finds_gone_is_told(run: Run) -> None:
    """Once, and not when something happened meanwhile."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        await store.settle(claim, settlement(claim), lease=LEASE, now=NOW)
        await store.enlist(HOME, limit=9)
        found = await store.check(HOME, before=NOW, lease=LEASE, token="k1", now=NOW)
        assert isinstance(found, Check)
        ended = found.interaction.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW)
        entry = Entry(at=NOW, event="gone", sequence=0)
        told = (notice("evt_1", NoticeKind.STOPPED),)
        for _ in range(2):
            assert await store.close(found, ended, entry, notices=told, now=NOW)
        assert await waiting(store) == ["evt_1"]

    run(body)


def test_notices_are_read_oldest_first_and_a_page_at_a_time(run: Run) -> None:
    """Reading takes nothing away."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        told = [notice(f"evt_{number}") for number in range(5)]
        await store.settle(claim, settlement(claim, *told), lease=LEASE, now=NOW)
        assert await waiting(store, limit=3) == ["evt_0", "evt_1", "evt_2"]
        assert len(await waiting(store)) == 5

    run(body)


def test_two_relays_take_away_what_both_have_read_and_no_more(run: Run) -> None:
    """The second one's word about the same places takes nothing that came after them."""

    async def body(store: Store) -> None:
        claim = await claim_of(store)
        told = [notice(f"evt_{number}") for number in range(4)]
        await store.settle(claim, settlement(claim, *told), lease=LEASE, now=NOW)
        places = [place for place, _ in await store.untold(HOME, limit=2)]
        for _ in range(2):
            await store.told(HOME, places)
        await store.told(HOME, [])
        assert await waiting(store) == ["evt_2", "evt_3"]
        assert (await store.backlog(HOME, now=NOW)).untold == 2

    run(body)


def test_without_notices_there_is_no_outbox(redis_url: str) -> None:
    """Where nobody subscribed nothing is written."""

    async def scene() -> int:
        async with Redis.from_url(redis_url) as redis:
            store = RedisStore.open(redis_url, Limits(), timeout_s=5)
            claim = await claim_of(store)
            await store.settle(claim, settlement(claim), lease=LEASE, now=NOW)
            await store.aclose()
            return await redis.exists(Keys.of(HOME).outbox)

    assert asyncio.run(scene()) == 0


def test_what_a_newer_bridge_wrote_ends_the_page(redis_url: str) -> None:
    """It is left to a relay that can read it, and nothing overtakes it."""

    async def scene() -> list[str]:
        async with Redis.from_url(redis_url) as redis:
            store = RedisStore.open(redis_url, Limits(), timeout_s=5)
            for content in (notice("evt_1").model_dump_json(), '{"id": "evt_2", "new": 1}', "{}"):
                await redis.xadd(Keys.of(HOME).outbox, {"notice": content})
            found = await waiting(store)
            await store.aclose()
            return found

    assert asyncio.run(scene()) == ["evt_1"]
