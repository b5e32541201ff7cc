"""Names lead to conversations, senders are counted and what was let go is listed: the same in both stores."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from worker.notes import Note
from worker.ports import Store
from worker.store import threads
from worker.store.limits import Limits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore
from worker.store.threads import ThreadKeys

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WINDOW = timedelta(days=30)

Run = Callable[[Callable[[Store], Awaitable[None]]], None]


async def bind(
    store: Store,
    *names: str,
    mark: str = "",
    default: str = "",
    now: datetime = NOW,
    channel: str = "mail",
) -> str:
    """Bind a message whose mark and conversation are, where nothing is said, told from its own name."""
    return await store.bind(
        "support",
        channel,
        names,
        mark=mark or names[0].encode().hex(),
        default=default or f"of-{names[0]}",
        window=WINDOW,
        now=now,
    )


def note(number: int, channel: str = "mail") -> Note:
    """Return the n-th note of a channel, each a second after the one before."""
    return Note(
        id=f"m{number:05}",
        service="support",
        channel=channel,
        sort="auto-reply",
        reason="says so",
        arrived_at=NOW + timedelta(seconds=number),
        domain="example.org",
    )


def test_the_first_known_name_decides(run: Run) -> None:
    """A message nobody knows begins a conversation; whoever names it, or what it named, belongs to it."""

    async def body(store: Store) -> None:
        assert await bind(store, "a", "parent") == "of-a"
        assert await bind(store, "b", "a") == "of-a"
        assert await bind(store, "c", "parent") == "of-a"
        assert await bind(store, "parent") == "of-a"
        assert await bind(store, "stranger") == "of-stranger"
        assert await bind(store, "d", "stranger", "a") == "of-stranger"
        assert await bind(store, "e", "unknown", "b") == "of-a"

    run(body)


def test_the_same_message_again_gets_the_same_answer(run: Run) -> None:
    """Whatever was bound in between."""

    async def body(store: Store) -> None:
        assert await bind(store, "a", "x") == "of-a"
        assert await bind(store, "b") == "of-b"
        assert await bind(store, "c", "b", "a") == "of-b"
        for _ in range(2):
            assert await bind(store, "c", "b", "a") == "of-b"
            assert await bind(store, "a", "x") == "of-a"

    run(body)


def test_channels_know_nothing_of_each_other(run: Run) -> None:
    """The same name in another channel, or in another service, is another name."""

    async def body(store: Store) -> None:
        assert await bind(store, "a", default="here") == "here"
        assert await bind(store, "b", "a", channel="sales") == "of-b"
        other = await store.bind("billing", "mail", ("a",), mark="aa", default="x", window=WINDOW, now=NOW)
        assert other == "x"

    run(body)


def test_a_name_that_another_message_bears_is_left_to_it(run: Run) -> None:
    """Software that gives all its mail one Message-ID does not pour all of it into one conversation."""

    async def body(store: Store) -> None:
        assert await bind(store, "same", mark="aa", default="first") == "first"
        assert await bind(store, "same", mark="bb", default="second") == "second"
        assert await bind(store, "same", "other", mark="cc", default="third") == "third"
        assert await bind(store, "x", "other") == "third"
        assert await bind(store, "reply", "same") == "first"
        for mark, conversation in (("aa", "first"), ("bb", "second")):
            assert await bind(store, "same", mark=mark, default=conversation) == conversation

    run(body)


def test_a_name_heard_of_gets_its_bearer(run: Run) -> None:
    """A reply may come before what it answers: the name waits for the message whose own it is."""

    async def body(store: Store) -> None:
        assert await bind(store, "reply", "asked") == "of-reply"
        assert await bind(store, "asked", mark="aa") == "of-reply"
        assert await bind(store, "asked", mark="bb", default="another") == "another"

    run(body)


def test_names_are_forgotten_after_the_window_and_kept_by_use(run: Run) -> None:
    """The window begins anew with every message that has the name."""

    async def body(store: Store) -> None:
        day = timedelta(days=1)
        await bind(store, "a")
        assert await bind(store, "b", "a", now=NOW + 29 * day) == "of-a"
        assert await bind(store, "c", "a", now=NOW + 58 * day) == "of-a"
        assert await bind(store, "d", "b", now=NOW + 59 * day) == "of-d"

    run(body)


def test_redis_forgets_by_itself(redis_url: str) -> None:
    """No key stays for ever, and all of a channel stand in one slot."""

    async def main() -> None:
        store = RedisStore.open(redis_url, Limits(), timeout_s=5)
        async with Redis.from_url(redis_url) as redis:
            await bind(store, "a", "b")
            await store.recur("support", "mail", "ada", "1", window=WINDOW, now=NOW)
            prefix = ThreadKeys.of("support", "mail").prefix
            keys = [key.decode() async for key in redis.scan_iter(f"{prefix}*")]
            assert len(keys) == 3
            assert all(key.startswith("bridge:{threads:support/mail}:") for key in keys)
            assert [key for key in keys if await redis.ttl(key) < 0] == []
        await store.aclose()

    asyncio.run(main())


def test_what_recurs_is_counted_within_the_window(run: Run) -> None:
    """A sender's messages are counted; a message that comes again stands where it stood."""

    async def body(store: Store) -> None:
        async def count(member: str, second: int, name: str = "ada") -> int:
            at = NOW + timedelta(seconds=second)
            return await store.recur("support", "mail", name, member, window=timedelta(seconds=60), now=at)

        assert [await count(f"m{each}", each) for each in range(5)] == [1, 2, 3, 4, 5]
        assert await count("m1", 30) == 2
        assert await count("m9", 30, name="bob") == 1
        assert await count("m5", 62) == 3
        assert await count("m1", 63) == 2
        assert await count("m6", 300) == 1

    run(body)


def test_of_one_moment_the_first_comes_first(run: Run) -> None:
    """Members whose server tells whole seconds are counted in the order they came, and again alike."""

    async def body(store: Store) -> None:
        async def count(member: str, second: int = 0) -> int:
            at = NOW + timedelta(seconds=second)
            return await store.recur("support", "mail", "ada", member, window=timedelta(seconds=60), now=at)

        names = [f"m{each}" for each in range(40, 0, -1)]
        assert [await count(each) for each in names] == list(range(1, 41))
        assert [await count(each) for each in names] == list(range(1, 41))
        assert await count("later", 59) == 41
        assert await count("after", 60) == 2, "the forty have left the window together"

    run(body)


def test_what_waited_is_counted_by_its_own_time(run: Run) -> None:
    """What comes late, and in any order, is counted among those that were there before it."""

    async def body(store: Store) -> None:
        async def count(member: str, minute: int) -> int:
            at = NOW + timedelta(minutes=minute)
            return await store.recur("support", "mail", "ada", member, window=timedelta(minutes=10), now=at)

        assert [await count(f"m{each}", each) for each in (0, 60, 30, 31, 61, 59)] == [1, 1, 1, 2, 2, 1]

    run(body)


def test_notes_are_listed_newest_first(run: Run) -> None:
    """Each once, and each channel's its own."""

    async def body(store: Store) -> None:
        for number in (2, 1, 3, 2):
            await store.note(note(number))
        await store.note(note(9, channel="sales"))
        again = note(1).model_copy(update={"reason": "another", "arrived_at": NOW + timedelta(days=1)})
        await store.note(again)
        assert await store.notes("support", "mail", limit=10) == (note(3), note(2), note(1))
        assert await store.notes("support", "mail", limit=1) == (note(3),)
        assert await store.notes("support", "nothing", limit=10) == ()

    run(body)


def test_the_oldest_notes_make_room(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel's list does not grow for ever."""
    monkeypatch.setattr(threads, "NOTES_CAP", 3)

    async def body(store: Store) -> None:
        for number in range(5):
            await store.note(note(number))
        assert await store.notes("support", "mail", limit=10) == (note(4), note(3), note(2))

    run(body)


def test_a_note_that_a_newer_bridge_wrote_hides_no_other(redis_url: str) -> None:
    """What cannot be read is left out."""

    async def main() -> None:
        store = RedisStore.open(redis_url, Limits(), timeout_s=5)
        async with Redis.from_url(redis_url) as redis:
            await store.note(note(1))
            await store.note(note(2))
            await redis.hset(ThreadKeys.of("support", "mail").notes, "m00002", "{}")
            assert await store.notes("support", "mail", limit=10) == (note(1),)
        await store.aclose()

    asyncio.run(main())


#: Messages over a few names, so that they name one another often.
messages = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True),
        st.sampled_from(["aa", "bb"]),
        st.integers(0, 40),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=messages)
def test_both_stores_answer_alike(redis_url: str, messages: Sequence[tuple[list[str], str, int]]) -> None:
    """Whatever messages come, in whatever order, each twice in a row."""

    async def main() -> None:
        memory, real = MemoryStore(), RedisStore.open(redis_url, Limits(), timeout_s=5)
        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()
        now, numbers = NOW, itertools.count()
        for names, mark, days in messages:
            now += timedelta(days=days)
            default = f"new-{next(numbers)}"
            answers = [
                await bind(store, *names, mark=mark, default=default, now=now)
                for store in (memory, real, memory, real)
            ]
            assert len(set(answers)) == 1
        await real.aclose()

    asyncio.run(main())
