"""What is old goes, with a word about it; what somebody waits for stays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from worker import prune
from worker.commands import Create
from worker.events import Event, LetterDiscarded
from worker.lanes import Burial, Entry, Partition
from worker.letters import DeadCommand, Unreadable
from worker.notes import Note
from worker.ports import Store
from worker.prune import Pruner
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore
from worker.upkeep_events import Pruned
from worker.upkeep_settings import RetentionSettings

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
DAY = timedelta(days=1)
LIMITS = Limits({"support": ServiceLimits(ended_retention_ms=30_000)})
RETENTION = RetentionSettings(dead_letters_s=10 * 86_400, ignored_s=5 * 86_400)


@pytest.fixture(params=["memory", "redis"])
def opened(request: pytest.FixtureRequest) -> OpenStore:
    """Each store in turn."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""

    @asynccontextmanager
    async def opening() -> AsyncIterator[Store]:
        store = RedisStore.open(url, LIMITS, timeout_s=5) if url else MemoryStore(LIMITS)
        yield store
        await store.aclose()

    return opening


async def bury(store: Store, name: str, *, days_ago: float, behind: bool = False) -> None:
    """Bury a create, with a command behind it or without."""
    then = NOW - days_ago * DAY
    for number in (1, 2) if behind else (1,):
        create = Create(
            service="support",
            external_id=name,
            idempotency_key=f"{name}:{number}",
            channel="mail",
            received_at=then,
        )
        await store.append(create, receipt_id=f"{name}:{number}", now=then)
    (claim,) = await store.claim(Partition("support", 0), limit=1, lease=LEASE, token=name, now=then)
    command = claim.commands[0].command
    assert command is not None
    letter = DeadCommand(
        id=f"d-{name}",
        cause="rejected",
        reason="400",
        buried_at=then,
        attempts=1,
        sequence=1,
        command=command,
    )
    line = Entry(at=then, event="buried", sequence=1)
    await store.bury(claim, Burial(letter, line, park=True, failed=False, calls=1), now=then)


async def keep(store: Store, name: str, *, days_ago: float) -> None:
    """Keep a delivery that could not be understood."""
    then = NOW - days_ago * DAY
    await store.keep(
        Unreadable(id=name, service="support", channel="mail", reason="?", arrived_at=then, body=b"raw")
    )


def pruner(store: Store, heard: list[Event]) -> Pruner:
    """Return a pruner of today."""
    tokens = count()
    return Pruner(store, RETENTION, lambda: NOW, lambda: f"t{next(tokens)}", heard.append)


async def left(store: Store) -> set[str]:
    """Return the letters that are there."""
    return {head.id for head in await store.dead("support", limit=99999)}


def test_letters_go_when_nobody_decided_about_them(opened: OpenStore) -> None:
    """Older than ten days, commands and deliveries alike, each with an event and counted for its channel."""
    heard: list[Event] = []

    async def scene() -> None:
        async with opened() as store:
            await bury(store, "old", days_ago=10.1)
            await bury(store, "young", days_ago=9.9)
            await keep(store, "u-old", days_ago=11)
            await keep(store, "u-young", days_ago=9)
            pruned = await pruner(store, heard).prune("support", ())
            assert (pruned.letters, pruned.spared) == (2, 0)
            assert await left(store) == {"d-young", "u-young"}
            assert (await store.tallies("support"))["mail:lapsed"] == 2
            view = await store.view("support", "old")
            assert view is not None
            assert view.history[-1].event == "discarded"
            assert view.history[-1].detail["reason"] == "nobody decided about it within 10 days"
            assert not view.parked

    asyncio.run(scene())
    discarded = [event for event in heard if isinstance(event, LetterDiscarded)]
    assert [(event.letter_id, event.cause, event.channel) for event in discarded] == [
        ("u-old", "unreadable", "mail"),
        ("d-old", "rejected", "mail"),
    ]
    assert heard[-1] == Pruned("support", letters=2, spared=0, notes=0)


def test_what_commands_wait_behind_is_for_a_person(opened: OpenStore) -> None:
    """However old: they were accepted, and the letter goes when nothing waits any more."""
    heard: list[Event] = []

    async def scene() -> None:
        async with opened() as store:
            for number in range(120):
                await bury(store, f"c-{number}", days_ago=90 - number / 1000, behind=True)
            await bury(store, "alone", days_ago=20)
            pruned = await pruner(store, heard).prune("support", ())
            assert (pruned.letters, pruned.spared) == (1, 120)
            assert len(await left(store)) == 120
            view = await store.view("support", "c-7")
            assert view is not None
            assert (view.parked, len(view.pending), view.due) == (True, 1, None)

    asyncio.run(scene())


def test_notes_go_with_their_time(opened: OpenStore) -> None:
    """Of the channels that are named; the young ones stay."""

    async def scene() -> None:
        async with opened() as store:
            for channel in ("mail", "shop", "other"):
                for days in (4, 6):
                    note = Note(
                        id=f"{channel}-{days}",
                        service="support",
                        channel=channel,
                        sort="automatic",
                        reason="an out-of-office reply",
                        arrived_at=NOW - days * DAY,
                    )
                    await store.note(note)
            pruned = await pruner(store, []).prune("support", ("mail", "shop"))
            assert pruned.notes == 2
            for channel, kept in (("mail", 1), ("shop", 1), ("other", 2)):
                assert len(await store.notes("support", channel, limit=9)) == kept

    asyncio.run(scene())


def test_a_run_is_bounded(opened: OpenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes so many letters and no more; the next one takes the rest."""
    monkeypatch.setattr(prune, "_LETTERS_AT_MOST", 200)

    async def scene() -> None:
        async with opened() as store:
            await asyncio.gather(*(keep(store, f"u-{number}", days_ago=20) for number in range(250)))
            runs = [await pruner(store, []).prune("support", ()) for _ in range(2)]
            assert [pruned.letters for pruned in runs] == [200, 50]

    asyncio.run(scene())


def test_nothing_to_do_is_nothing_to_tell(opened: OpenStore) -> None:
    """An hourly line that says nothing hides those that do."""
    heard: list[Event] = []

    async def scene() -> None:
        async with opened() as store:
            await keep(store, "u", days_ago=1)
            await pruner(store, heard).prune("support", ("mail",))

    asyncio.run(scene())
    assert heard == []
