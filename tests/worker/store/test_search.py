"""Ways to a conversation, counts by channel, arrivals and signs of life, against both stores."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from worker import clues
from worker.arrivals import ARRIVALS_CAP, Arrival
from worker.commands import Create, Guard, Stop
from worker.interactions import Interaction
from worker.lanes import Burial, Deferral, Entry, Partition, Settlement
from worker.letters import DeadCommand, Unreadable
from worker.pace import Counted, Span
from worker.ports import Store
from worker.search_ports import Waiting
from worker.store.limits import CLUE_CAP

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the test."""
    return NOW + timedelta(seconds=seconds)


def create(
    external_id: str, *, channel: str = "mail", service: str = "support", sender: str = "jo"
) -> Create:
    """Return a create."""
    return Create(
        service=service,
        external_id=external_id,
        idempotency_key=f"{channel}:{external_id}",
        channel=channel,
        received_at=NOW,
        user_data={"FromAddress": sender},
    )


async def append(store: Store, command: Create, *, seconds: float = 0) -> None:
    """Accept a command."""
    await store.append(command, receipt_id=f"r-{command.external_id}", now=at(seconds))


async def deliver(store: Store, external_id: str, *, interaction_id: str, seconds: float) -> None:
    """Apply the one command that is due."""
    home = Partition("support", 0)
    (claim,) = await store.claim(home, limit=1, lease=LEASE, token=f"t{seconds}", now=at(seconds))
    row = Interaction(service="support", external_id=external_id).opened(
        interaction_id=interaction_id, channel="mail", at=at(seconds)
    )
    entry = Entry(at=at(seconds), event="applied", sequence=1)
    settlement = Settlement(sequence=1, interaction=row, entries=(entry,), calls=1, keep=False)
    await store.settle(claim, settlement, lease=LEASE, now=at(seconds))


def test_the_last_ones_heard_of_come_first(run: Run) -> None:
    """Each once, of all partitions together, and no more than asked for."""

    async def body(store: Store) -> None:
        for number in range(6):
            await append(store, create(f"c-{number}", service="wide"), seconds=number)
        again = create("c-2", service="wide").model_copy(update={"idempotency_key": "mail:again"})
        await store.append(again, receipt_id="again", now=at(9))
        assert await store.recent("wide", limit=3) == ("c-2", "c-5", "c-4")
        assert len(await store.recent("wide", limit=99)) == 6
        assert await store.recent("support", limit=9) == ()

    run(body)


def test_a_sweep_makes_nobody_heard_of(run: Run) -> None:
    """Its commands are no activity."""

    async def body(store: Store) -> None:
        await append(store, create("c-1"))
        await deliver(store, "c-1", interaction_id="I-1", seconds=1)
        await append(store, create("c-2"), seconds=2)
        stop = Stop(
            service="support",
            external_id="c-1",
            idempotency_key="sweep:c-1",
            channel="sweep",
            received_at=at(3),
            guard=Guard(idle_since=at(1), sweep="s-1"),
        )
        await store.append(stop, receipt_id="s", now=at(3))
        assert await store.recent("support", limit=9) == ("c-2", "c-1")

    run(body)


def test_the_apis_id_leads_to_its_conversation(run: Run) -> None:
    """From the moment at which it was learned."""

    async def body(store: Store) -> None:
        clue = clues.of_interaction("I-1")
        await append(store, create("c-1"))
        assert await store.led_to("support", clue) == ()
        await deliver(store, "c-1", interaction_id="I-1", seconds=1)
        assert await store.led_to("support", clue) == ("c-1",)
        assert await store.led_to("wide", clue) == ()

    run(body)


def test_a_sender_leads_to_the_last_conversations(run: Run) -> None:
    """Newest first; a flood of one sender does not grow without end."""

    async def body(store: Store) -> None:
        for number in range(CLUE_CAP + 3):
            await append(store, create(f"c-{number}", sender="Jo"), seconds=number)
        await append(store, create("other", sender="ann"), seconds=99)
        found = await store.led_to("support", clues.of_sender("jo"))
        assert found == tuple(f"c-{number}" for number in range(CLUE_CAP + 2, 2, -1))

    run(body)


def test_a_key_is_found_whichever_conversation_it_belongs_to(run: Run) -> None:
    """In whichever partition."""

    async def body(store: Store) -> None:
        for number in range(8):
            await append(store, create(f"c-{number}", service="wide"))
        seen = await store.key_seen("wide", "mail:c-5")
        assert seen is not None
        assert seen.receipt.external_id == "c-5"
        assert await store.key_seen("wide", "mail:never") is None

    run(body)


def test_what_waits_is_listed_the_longest_due_first(run: Run) -> None:
    """With the channel of its head; what has nothing to do is not."""

    async def body(store: Store) -> None:
        await append(store, create("c-1"), seconds=1)
        await append(store, create("c-2", channel="tickets"))
        await append(store, create("c-3"), seconds=2)
        more = create("c-2", channel="mail").model_copy(update={"idempotency_key": "mail:more"})
        await store.append(more, receipt_id="more", now=at(3))
        assert await store.waiting("support", limit=2) == (
            Waiting("c-2", NOW, "tickets", 2),
            Waiting("c-1", at(1), "mail", 1),
        )
        assert await store.waiting("wide", limit=2) == ()

    run(body)


def test_counts_are_kept_by_channel(run: Run) -> None:
    """What is accepted, delivered, tried in vain and buried, by the channel whose command it was."""

    async def body(store: Store) -> None:
        home = Partition("support", 0)
        await append(store, create("c-1", channel="mail"))
        await append(store, create("c-2", channel="tickets"), seconds=1)
        await deliver(store, "c-1", interaction_id="I-1", seconds=2)
        (claim,) = await store.claim(home, limit=1, lease=LEASE, token="x", now=at(3))
        entry = Entry(at=at(3), event="deferred", sequence=1)
        deferral = Deferral(due=at(4), suspect=False, counted=True, failed=True, calls=1, entry=entry)
        await store.defer(claim, deferral, now=at(3))
        (claim,) = await store.claim(home, limit=1, lease=LEASE, token="y", now=at(5))
        letter = DeadCommand(
            id="l",
            cause="rejected",
            reason="x",
            buried_at=at(5),
            attempts=2,
            sequence=1,
            command=create("c-2", channel="tickets"),
        )
        burial = Burial(letter=letter, entry=entry, park=True, failed=False, calls=1)
        await store.bury(claim, burial, now=at(5))
        await store.keep(
            Unreadable(id="u", service="support", channel="web", reason="x", arrived_at=at(6), body=b"")
        )
        found = {
            channel: {what.value: pace.series(what, Span.HOUR, 1, at(6))[0] for what in Counted}
            for channel, pace in (await store.paces("support")).items()
        }
        assert found == {
            "mail": {"accepted": 1, "delivered": 1, "failed": 0, "dead": 0},
            "tickets": {"accepted": 1, "delivered": 0, "failed": 2, "dead": 1},
            "web": {"accepted": 0, "delivered": 0, "failed": 0, "dead": 1},
        }
        assert await store.paces("wide") == {}

    run(body)


def test_counts_of_channels_are_summed_over_partitions(run: Run) -> None:
    """Asked is the service."""

    async def body(store: Store) -> None:
        for number in range(8):
            await append(store, create(f"c-{number}", service="wide"))
        (pace,) = (await store.paces("wide")).values()
        assert pace.series(Counted.ACCEPTED, Span.MINUTE, 1, NOW) == (8,)

    run(body)


def test_the_last_arrivals_of_a_channel_are_remembered(run: Run) -> None:
    """Newest first, and no more than the cap."""

    async def body(store: Store) -> None:
        arrivals = [
            Arrival(channel="mail", at=at(number), answer="accepted", size_bytes=number, external_ids=("c",))
            for number in range(ARRIVALS_CAP + 5)
        ]
        await store.put_arrivals("mail", arrivals[:10])
        await store.put_arrivals("mail", arrivals[10:])
        found = await store.arrivals("mail", limit=99)
        assert found == tuple(reversed(arrivals[5:]))
        assert await store.arrivals("mail", limit=2) == tuple(reversed(arrivals[-2:]))
        assert await store.arrivals("web", limit=9) == ()

    run(body)


def test_signs_of_life_are_remembered_for_a_day(run: Run) -> None:
    """The last one of each process."""

    async def body(store: Store) -> None:
        await store.sign("host:1", now=NOW)
        await store.sign("host:2", now=at(10))
        await store.sign("host:1", now=at(20))
        assert await store.signs() == {"host:1": at(20), "host:2": at(10)}
        await store.sign("host:3", now=at(24 * 3600 + 15))
        assert set(await store.signs()) == {"host:1", "host:3"}

    run(body)
