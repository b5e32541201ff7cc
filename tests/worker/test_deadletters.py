"""Dead letters: found by what they are, brought back once, given up once."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from pydantic import ValidationError

from worker.commands import Create, Update
from worker.deadletters import DeadLetters, Filter, edited, next_key
from worker.events import Event, LetterDiscarded, LetterReplayed
from worker.lanes import Burial, Entry, Partition
from worker.letters import DeadCommand, Unreadable
from worker.store.memory import MemoryStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Bell:
    """Hears rings."""

    def __init__(self) -> None:
        self.rung: list[Partition] = []

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """Remember the ring."""
        del hops
        self.rung.append(partition)
        return True


def command(key: str = "mail:1", external_id: str = "c-1") -> Create:
    """Return a create."""
    return Create(
        service="support",
        external_id=external_id,
        idempotency_key=key,
        channel="mail",
        received_at=NOW,
        user_data={"Subject": "Hello"},
    )


def letter(letter_id: str = "d1", cause: str = "rejected", **kwargs: str) -> DeadCommand:
    """Return a dead create."""
    return DeadCommand(
        id=letter_id,
        cause=cause,
        reason="400 no",
        buried_at=NOW,
        attempts=1,
        sequence=1,
        command=command(**kwargs),
    )


UNREADABLE = Unreadable(id="u1", service="support", channel="tickets", reason="?", arrived_at=NOW, body=b"x")


async def bury(store: MemoryStore, *, external_id: str = "c-1", letter_id: str = "d1") -> DeadCommand:
    """Bury a conversation's create, so that its lane is parked."""
    await store.append(command(f"mail:{external_id}", external_id), receipt_id="r", now=NOW)
    (claim,) = await store.claim(
        Partition("support", 0), limit=1, lease=timedelta(seconds=9), token=letter_id, now=NOW
    )
    dead = letter(letter_id, key=f"mail:{external_id}", external_id=external_id)
    entry = Entry(at=NOW, event="buried", sequence=1)
    await store.bury(claim, Burial(dead, entry, park=True, failed=False, calls=1), now=NOW)
    return dead


def desk(store: MemoryStore, bell: Bell, heard: list[Event] | None = None) -> DeadLetters:
    """Return the use case over a store."""
    numbers = count(1)
    return DeadLetters(
        store,
        bell,
        partitions={"support": 1},
        clock=lambda: NOW,
        ids=lambda: f"id{next(numbers)}",
        listen=[].append if heard is None else heard.append,
    )


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Filter(), True),
        (Filter(ids=frozenset({"d1"})), True),
        (Filter(ids=frozenset({"d2"})), False),
        (Filter(cause="rejected", channel="mail", external_id="c-1"), True),
        (Filter(cause="exhausted"), False),
        (Filter(channel="tickets"), False),
        (Filter(external_id="c-2"), False),
        (Filter(since=NOW), True),
        (Filter(since=NOW + timedelta(seconds=1)), False),
    ],
)
def test_a_filter_means_what_it_says(wanted: Filter, *, fits: bool) -> None:
    """Every condition that is given must hold."""
    assert wanted.fits(letter().head) is fits


def test_unreadable_deliveries_have_a_cause_and_a_channel_but_no_conversation() -> None:
    """They are chosen like any other letter."""
    assert Filter(cause="unreadable", channel="tickets").fits(UNREADABLE.head)
    assert not Filter(external_id="c-1").fits(UNREADABLE.head)


def test_each_replay_has_a_key_of_its_own() -> None:
    """Generations count up, and a long key stays within bounds."""
    assert next_key("mail:1") == "mail:1#replay-2"
    assert next_key("mail:1#replay-2") == "mail:1#replay-3"
    assert len(next_key("k" * 500)) <= 500


def test_an_edit_is_checked() -> None:
    """What the vocabulary refuses is refused here too."""
    assert edited(command(), {"user_data": {"Subject": "Mended"}}).user_data == {"Subject": "Mended"}
    with pytest.raises(ValidationError):
        edited(command(), {"external_id": ""})


def test_replaying_three_times_is_replaying_once() -> None:
    """The first replay brings the command back, mended, and rings; the others find nothing."""

    async def body() -> None:
        store, bell, heard = MemoryStore(), Bell(), []
        dead = await bury(store)
        letters = desk(store, bell, heard)
        changes = {"user_data": {"Subject": "Mended"}}
        assert [await letters.replay(dead, changes) for _ in range(3)] == [1, 0, 0]
        view = await store.view("support", "c-1")
        assert view is not None
        (pending,) = view.pending
        assert isinstance(pending.command, Create)
        assert pending.command.user_data == {"Subject": "Mended"}
        assert pending.command.idempotency_key == "mail:c-1#replay-2"
        assert bell.rung == [Partition("support", 0)]
        assert heard == [LetterReplayed("support", "mail", "c-1", 1, "rejected", "d1", "")]

    asyncio.run(body())


def test_a_discarded_create_lets_its_lane_move() -> None:
    """The trace stays in the history, and a second discard finds nothing."""

    async def body() -> None:
        store, bell, heard = MemoryStore(), Bell(), []
        dead = await bury(store)
        waiting = Update(
            service="support", external_id="c-1", idempotency_key="mail:2", channel="mail", received_at=NOW
        )
        await store.append(waiting, receipt_id="r2", now=NOW)
        letters = desk(store, bell, heard)
        assert await letters.discard(dead.head, reason="spam")
        assert not await letters.discard(dead.head, reason="spam")
        assert heard == [LetterDiscarded("support", "mail", "c-1", 1, "rejected", "spam", "d1", "")]
        view = await store.view("support", "c-1")
        assert view is not None
        assert (view.parked, view.due) == (False, NOW)
        assert view.history[-1].detail == {"letter": "d1", "reason": "spam"}

    asyncio.run(body())


def test_letters_are_found_and_unreadable_ones_given_up() -> None:
    """Find narrows down; an unreadable delivery is discarded without a lane to wake."""

    async def body() -> None:
        store, bell, heard = MemoryStore(), Bell(), []
        dead = await bury(store)
        await store.keep(UNREADABLE)
        letters = desk(store, bell, heard)
        assert await letters.find("support", Filter(cause="rejected"), limit=10) == (dead.head,)
        assert await letters.discard(UNREADABLE.head, reason="noise")
        assert heard == [LetterDiscarded("support", "tickets", "", 0, "unreadable", "noise", "u1", "")]
        assert await letters.find("support", Filter(cause="unreadable"), limit=10) == ()
        assert bell.rung == []

    asyncio.run(body())
