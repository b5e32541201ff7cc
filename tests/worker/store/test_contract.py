"""Both stores keep the promises of `worker.ports.Store`, whichever of them is behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from worker.commands import Create, Stop, Update
from worker.errors import KeyConflict, LaneFull
from worker.interactions import EndedBy, State
from worker.lanes import Burial, Claim, Deferral, Entry, Held, Partition, Settlement
from worker.letters import DeadCommand, Unreadable
from worker.pace import Counted, Pace, Span
from worker.ports import Store

Run = Callable[[Callable[[Store], Awaitable[None]]], None]

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
HOME = Partition("support", 0)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds into the test."""
    return NOW + timedelta(seconds=seconds)


def create(key: str = "mail:1", external_id: str = "c-1", subject: str = "Hello") -> Create:
    """Return a create command."""
    return Create(
        service="support",
        external_id=external_id,
        idempotency_key=key,
        channel="mail",
        received_at=NOW,
        user_data={"Subject": subject},
        trace_id="0" * 32,
    )


def update(key: str, external_id: str = "c-1") -> Update:
    """Return an update command."""
    return Update(
        service="support",
        external_id=external_id,
        idempotency_key=key,
        channel="mail",
        received_at=NOW,
        changed={"Key": key},
    )


def entry(sequence: int, event: str = "applied", seconds: float = 0) -> Entry:
    """Return a history line."""
    return Entry(at=at(seconds), event=event, sequence=sequence)


async def take(
    store: Store,
    *,
    seconds: float = 0,
    limit: int = 10,
    token: str = "t1",  # noqa: S107 - a claim's token is no secret
    leaving: bool = False,
) -> tuple[Claim, ...]:
    """Claim from the home partition."""
    return await store.claim(HOME, limit=limit, lease=LEASE, token=token, now=at(seconds), leaving=leaving)


def done(claim: Claim, *, keep: bool = False, seconds: float = 0, sequence: int | None = None) -> Settlement:
    """Return the settlement of a claim's head, its interaction now open."""
    number = sequence or claim.commands[0].sequence
    opened = claim.interaction.opened(interaction_id="I1", channel="mail", at=at(seconds))
    return Settlement(number, opened, (entry(number),), calls=1, keep=keep)


def test_append_gives_a_receipt_and_asks_for_a_ring(run: Run) -> None:
    """The first command of a conversation is number 1, nothing stands before it, and somebody is woken."""

    async def body(store: Store) -> None:
        appended = await store.append(create(), receipt_id="r1", now=NOW)
        assert appended.ring
        receipt = appended.receipt
        assert (receipt.id, receipt.sequence, receipt.position, receipt.duplicate) == ("r1", 1, 0, False)
        assert receipt.accepted_at == NOW

    run(body)


def test_a_second_command_stands_behind_the_first_and_needs_no_ring(run: Run) -> None:
    """Position counts what waits ahead; one ring is enough while it may still be answered."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        second = await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        assert (second.receipt.sequence, second.receipt.position, second.ring) == (2, 1, False)
        late = await store.append(update("mail:3"), receipt_id="r3", now=at(1.1))
        assert late.ring, "an unanswered ring is repeated after its patience"

    run(body)


def test_a_duplicate_gets_the_first_receipt(run: Run) -> None:
    """The same key and content is answered with the first receipt and waits only once."""

    async def body(store: Store) -> None:
        first = await store.append(create(), receipt_id="r1", now=NOW)
        again = await store.append(create(), receipt_id="r2", now=at(5))
        assert again.receipt == first.receipt.model_copy(update={"duplicate": True})
        (claim,) = await take(store, seconds=5)
        assert len(claim.commands) == 1

    run(body)


def test_repeating_an_append_is_no_duplicate(run: Run) -> None:
    """The same receipt id is our own second try after a lost answer: the sender must not hear of it."""

    async def body(store: Store) -> None:
        first = await store.append(create(), receipt_id="r1", now=NOW)
        again = await store.append(create(), receipt_id="r1", now=NOW)
        assert again.receipt == first.receipt

    run(body)


def test_one_key_with_two_contents_is_a_conflict(run: Run) -> None:
    """Both fingerprints are named, and nothing is appended."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        with pytest.raises(KeyConflict) as caught:
            await store.append(create(subject="Bye"), receipt_id="r2", now=NOW)
        assert (caught.value.first, caught.value.second) == (
            create().fingerprint,
            create(subject="Bye").fingerprint,
        )

    run(body)


def test_a_key_of_another_conversation_says_whose_it_is(run: Run) -> None:
    """A sender that uses one key twice is told where it used it first; so is whoever looks it up."""

    async def body(store: Store) -> None:
        await store.append(create(external_id="c|1"), receipt_id="r1", now=NOW)
        with pytest.raises(
            KeyConflict, match=r"was accepted for another conversation, 'c\|1', with"
        ) as caught:
            await store.append(create(external_id="c-2"), receipt_id="r2", now=NOW)
        assert caught.value.elsewhere == "c|1"
        with pytest.raises(KeyConflict) as caught:
            await store.append(create(external_id="c|1", subject="Bye"), receipt_id="r3", now=NOW)
        assert caught.value.elsewhere == ""
        seen = await store.seen("support", "c-2", "mail:1")
        assert seen is not None
        assert seen.receipt.external_id == "c|1"

    run(body)


def test_a_key_is_forgotten_after_its_window(run: Run) -> None:
    """After the dedup window the same key is a new command."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        again = await store.append(create(), receipt_id="r2", now=at(60.001))
        assert (again.receipt.id, again.receipt.sequence, again.receipt.duplicate) == ("r2", 2, False)

    run(body)


def test_a_full_lane_refuses(run: Run) -> None:
    """Over its cap a lane takes nothing more, but still answers duplicates."""

    async def body(store: Store) -> None:
        for number in range(5):
            await store.append(update(f"mail:{number}"), receipt_id=f"r{number}", now=NOW)
        with pytest.raises(LaneFull, match="5 commands"):
            await store.append(update("mail:5"), receipt_id="r5", now=NOW)
        again = await store.append(update("mail:4"), receipt_id="r6", now=NOW)
        assert again.receipt.duplicate

    run(body)


def test_claim_takes_due_lanes_with_their_commands_in_order(run: Run) -> None:
    """A claim brings the head and what follows it, at most the window, and the ledger row."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r0", now=NOW)
        for number in range(1, 4):
            await store.append(update(f"mail:u{number}"), receipt_id=f"r{number}", now=NOW)
        (claim,) = await take(store)
        assert [each.sequence for each in claim.commands] == [1, 2, 3], "the window is 3"
        assert claim.commands[0].command == create()
        assert (claim.fence, claim.attempt, claim.suspect, claim.stolen) == (1, 1, False, False)
        assert claim.interaction.state is State.NEW
        assert claim.lease_until == at(45)

    run(body)


def test_a_claimed_lane_is_not_claimed_again_before_its_lease_ends(run: Run) -> None:
    """Leases exclude; a lapsed one leaves the outcome in doubt."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await take(store)
        assert await take(store, seconds=44.9, token="t2") == ()
        (claim,) = await take(store, seconds=45, token="t3")
        assert (claim.fence, claim.attempt, claim.suspect, claim.stolen) == (2, 2, True, True)
        (again,) = await take(store, seconds=46, token="t3")
        assert (again.fence, again.stolen) == (2, True), "a lost answer is told alike"

    run(body)


def test_repeating_a_claim_returns_the_same_lanes(run: Run) -> None:
    """A lost answer costs nothing: the same token brings the same claims, with the same fence."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        assert await take(store) == await take(store)

    run(body)


def test_claim_takes_no_more_than_asked(run: Run) -> None:
    """The limit holds, and the oldest due come first."""

    async def body(store: Store) -> None:
        for number in range(4):
            await store.append(
                create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=at(number)
            )
        claims = await take(store, seconds=4, limit=2)
        assert sorted(claim.external_id for claim in claims) == ["c-0", "c-1"]
        assert await take(store, seconds=4, limit=0, token="t2") == ()

    run(body)


def test_settle_takes_the_head_and_writes_the_ledger(run: Run) -> None:
    """After the only command the lane is empty, its row written and its history told."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        (claim,) = await take(store)
        assert await store.settle(claim, done(claim), lease=LEASE, now=NOW) is Held.EMPTY
        view = await store.view("support", "c-1")
        assert view is not None
        assert (view.interaction.state, view.interaction.interaction_id) == (State.OPEN, "I1")
        assert [line.event for line in view.history] == ["received", "applied"]
        assert view.history[0].detail == {"kind": "create", "channel": "mail"}
        assert view.history[0].trace_id == "0" * 32
        assert (view.pending, view.due, view.attempt, view.parked) == ((), None, 0, False)
        assert await take(store, seconds=100, token="t2") == ()

    run(body)


def test_settle_may_keep_the_lane(run: Run) -> None:
    """A holder goes on with the next command under a renewed lease, its attempts counted anew."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        settled = await store.settle(claim, done(claim, keep=True), lease=LEASE, now=at(10))
        assert settled is Held.KEPT
        assert await take(store, seconds=54, token="t2") == ()
        (later,) = await take(store, seconds=55, token="t3")
        assert [each.sequence for each in later.commands] == [2]
        assert (later.attempt, later.suspect) == (2, True)

    run(body)


def test_settle_frees_a_lane_with_more_to_do(run: Run) -> None:
    """A lane given back with commands in it is due at once."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        assert await store.settle(claim, done(claim), lease=LEASE, now=at(1)) is Held.WAITING
        (later,) = await take(store, seconds=1, token="t2")
        assert (later.attempt, later.suspect, later.commands[0].sequence) == (1, False, 2)

    run(body)


def test_repeating_a_settle_changes_nothing(run: Run) -> None:
    """A lost answer costs nothing: the same settlement again pops nothing and writes no second line."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        kept = done(claim, keep=True)
        assert await store.settle(claim, kept, lease=LEASE, now=NOW) is Held.KEPT
        assert await store.settle(claim, kept, lease=LEASE, now=NOW) is Held.KEPT
        freed = done(claim, sequence=2)
        assert await store.settle(claim, freed, lease=LEASE, now=NOW) is Held.EMPTY
        assert await store.settle(claim, freed, lease=LEASE, now=NOW) is Held.EMPTY
        await store.append(update("mail:3"), receipt_id="r3", now=NOW)
        assert await store.settle(claim, freed, lease=LEASE, now=NOW) is Held.WAITING
        view = await store.view("support", "c-1")
        assert view is not None
        assert [line.event for line in view.history] == [
            "received",
            "received",
            "applied",
            "applied",
            "received",
        ]

    run(body)


def test_a_lease_that_has_lapsed_is_over(run: Run) -> None:
    """Even where nobody took the lane: its place among the lanes in flight may be another's by now."""

    async def body(store: Store) -> None:
        home = Partition("narrow", 0)
        for number in range(3):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "narrow"})
            await store.append(command, receipt_id=f"r{number}", now=at(number))
        first, second = await store.claim(home, limit=9, lease=LEASE, token="t1", now=at(2))
        assert await store.renew(first, lease=LEASE, now=at(46.999)) == at(91.999)
        assert await store.renew(second, lease=LEASE, now=at(47)) is None
        assert (await store.backlog(home, now=at(47))).in_flight == 1
        (third,) = await store.claim(home, limit=9, lease=LEASE, token="t2", now=at(47))
        assert await store.renew(second, lease=LEASE, now=at(47)) is None
        assert (await store.backlog(home, now=at(47))).in_flight == 2
        assert third.external_id != first.external_id

    run(body)


def test_the_lanes_in_flight_are_counted(run: Run) -> None:
    """Claimed or kept, until they are given back in any way, or their lease lapses; without any cap."""

    async def body(store: Store) -> None:
        async def in_flight(seconds: float) -> int:
            return (await store.backlog(HOME, now=at(seconds))).in_flight

        for number in range(4):
            await store.append(create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=NOW)
        await store.append(update("mail:9", "c-0"), receipt_id="r9", now=NOW)
        assert await in_flight(0) == 0
        claims = {claim.external_id: claim for claim in await take(store)}
        assert await in_flight(44.999) == 4
        assert await in_flight(45) == 0
        await store.settle(claims["c-0"], done(claims["c-0"], keep=True), lease=LEASE, now=at(10))
        await store.settle(claims["c-1"], done(claims["c-1"]), lease=LEASE, now=at(10))
        assert await in_flight(10) == 3
        await store.defer(claims["c-2"], deferred(99), now=at(10))
        await store.bury(claims["c-3"], buried(claims["c-3"]), now=at(10))
        assert await in_flight(54.999) == 1
        assert await in_flight(55) == 0

    run(body)


def test_what_is_done_is_counted_once(run: Run) -> None:
    """Accepted, delivered, tried in vain and buried, each when it happens, and not again when repeated."""

    async def body(store: Store) -> None:
        for number in range(3):
            for _ in range(2):
                await store.append(update(f"mail:{number}"), receipt_id=f"r{number}", now=NOW)
        (claim,) = await take(store)
        both = done(claim, keep=True, sequence=2)
        for _ in range(2):
            await store.settle(claim, both, lease=LEASE, now=at(60))
        again = deferred(61, calls=2)
        for _ in range(2):
            await store.defer(claim, again, now=at(61))
        (claim,) = await take(store, seconds=61, token="t2")
        await store.defer(claim, deferred(61, calls=0), now=at(61))
        (claim,) = await take(store, seconds=61, token="t3")
        burial = buried(claim)
        for _ in range(2):
            await store.bury(claim, burial, now=at(125))
        pace = await store.pace("support")
        counts = {what: pace.series(what, Span.MINUTE, 3, at(125)) for what in Counted}
        assert counts == {
            Counted.ACCEPTED: (3, 0, 0),
            Counted.DELIVERED: (0, 2, 0),
            Counted.FAILED: (0, 1, 1),
            Counted.DEAD: (0, 0, 1),
        }
        assert await store.pace("wide") == Pace()

    run(body)


def test_the_paces_of_partitions_are_one(run: Run) -> None:
    """Each counts what is its own; asked is the service."""

    async def body(store: Store) -> None:
        for number in range(8):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "wide"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)
        assert (await store.pace("wide")).series(Counted.ACCEPTED, Span.HOUR, 1, NOW) == (8,)

    run(body)


def test_a_stale_fence_never_writes(run: Run) -> None:
    """Whoever lost the lane changes nothing, whatever it tries."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        (old,) = await take(store)
        (new,) = await take(store, seconds=50, token="t2")
        before = await store.view("support", "c-1")
        burial = buried(old, park=True)
        assert await store.settle(old, done(old), lease=LEASE, now=at(51)) is Held.STALE
        assert await store.defer(old, deferred(60), now=at(51)) is Held.STALE
        assert await store.bury(old, burial, now=at(51)) is Held.STALE
        assert await store.renew(old, lease=LEASE, now=at(51)) is None
        assert await store.view("support", "c-1") == before
        assert await store.dead("support", limit=10) == ()
        assert await store.settle(new, done(new), lease=LEASE, now=at(52)) is Held.EMPTY

    run(body)


def test_renew_extends_the_lease(run: Run) -> None:
    """A renewed lease excludes others for longer; a freed lane cannot be renewed."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        (claim,) = await take(store)
        assert await store.renew(claim, lease=LEASE, now=at(40)) == at(85)
        assert await take(store, seconds=84, token="t2") == ()
        await store.settle(claim, done(claim), lease=LEASE, now=at(84))
        assert await store.renew(claim, lease=LEASE, now=at(84)) is None

    run(body)


@pytest.mark.parametrize(
    ("suspect", "counted", "attempt"), [(False, True, 2), (True, True, 2), (False, False, 1)]
)
def test_defer_gives_the_head_back_until_due(run: Run, *, suspect: bool, counted: bool, attempt: int) -> None:
    """The lane waits as a whole; doubt and the count of tries travel to the next claim."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        (claim,) = await take(store)
        deferral = deferred(10, suspect=suspect, counted=counted)
        assert await store.defer(claim, deferral, now=NOW) is Held.WAITING
        assert await store.defer(claim, deferral, now=NOW) is Held.WAITING, "repeating it changes nothing"
        appended = await store.append(update("mail:2"), receipt_id="r2", now=at(5))
        assert not appended.ring, "a lane that backs off keeps its time"
        assert await take(store, seconds=9, token="t2") == ()
        (later,) = await take(store, seconds=10, token="t3")
        assert (later.suspect, later.attempt, later.stolen) == (suspect, attempt, False)
        view = await store.view("support", "c-1")
        assert view is not None
        assert [line.event for line in view.history] == ["received", "deferred", "received"]

    run(body)


def deferred(
    due: float, *, suspect: bool = False, counted: bool = True, failed: bool = False, calls: int = 1
) -> Deferral:
    """Return the deferral of a lane's first command."""
    return Deferral(
        at(due), suspect=suspect, counted=counted, failed=failed, calls=calls, entry=entry(1, "deferred")
    )


def buried(
    claim: Claim, letter_id: str = "d1", *, park: bool = False, failed: bool = False, seconds: float = 0
) -> Burial:
    """Return the burial of a claim's head."""
    head = claim.commands[0]
    assert head.command is not None
    letter = DeadCommand(
        id=letter_id,
        cause="rejected",
        reason="400: no",
        buried_at=at(seconds),
        attempts=claim.attempt,
        sequence=head.sequence,
        command=head.command,
    )
    return Burial(letter, entry(head.sequence, "buried"), park=park, failed=failed, calls=1)


def test_bury_lets_the_lane_go_on(run: Run) -> None:
    """The head moves to the dead letters, whole; what follows is due."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        burial = buried(claim)
        for _ in range(2):
            assert await store.bury(claim, burial, now=NOW) is Held.WAITING
        assert await store.dead("support", limit=10) == (burial.letter.head,)
        found = await store.letter("support", "d1")
        assert found is not None
        assert found[0] == burial.letter
        assert [line.event for line in found[1]] == ["received", "received", "buried"]
        (later,) = await take(store, token="t2")
        assert later.commands[0].sequence == 2
        assert later.attempt == 1

    run(body)


def test_a_parked_lane_accepts_but_does_not_move(run: Run) -> None:
    """After a buried create, updates are kept in order and nobody is woken for them."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        (claim,) = await take(store)
        assert await store.bury(claim, buried(claim, park=True), now=NOW) is Held.EMPTY
        appended = await store.append(update("mail:2"), receipt_id="r2", now=at(1))
        assert not appended.ring
        assert await take(store, seconds=500, token="t2") == ()
        view = await store.view("support", "c-1")
        assert view is not None
        assert view.parked
        assert len(view.pending) == 1

    run(body)


def test_a_held_service_is_not_claimed(run: Run) -> None:
    """Until the hold ends nothing of the service is claimed; a shorter hold does not shorten it."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.hold("support", until=at(30), reason="401")
        await store.hold("support", until=at(10), reason="429")
        assert await take(store, seconds=29) == ()
        backlog = await store.backlog(HOME, now=at(29))
        assert (backlog.due, backlog.oldest) == (1, NOW)
        assert (backlog.held_until, backlog.held_because) == (at(30), "401")
        assert len(await take(store, seconds=30)) == 1
        assert (await store.backlog(HOME, now=at(31))).held_until is None

    run(body)


def test_backlog_counts_what_is_due(run: Run) -> None:
    """Leased and backing-off lanes are not due; a lapsed lease is."""

    async def body(store: Store) -> None:
        assert (await store.backlog(HOME, now=NOW)).due == 0
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(create("mail:2", "c-2"), receipt_id="r2", now=at(1))
        backlog = await store.backlog(HOME, now=at(1))
        assert (backlog.due, backlog.oldest) == (2, NOW)
        await take(store, seconds=1)
        assert (await store.backlog(HOME, now=at(2))).due == 0
        assert (await store.backlog(HOME, now=at(46))).due == 2

    run(body)


def test_a_claimer_with_room_keeps_others_from_ringing(run: Run) -> None:
    """It looks again soon by itself; once it leaves, or is full, the next command rings."""

    async def body(store: Store) -> None:
        await take(store, token="t1")
        first = await store.append(create(), receipt_id="r1", now=at(0.01))
        assert not first.ring
        await take(store, seconds=0.02, token="t2")
        await take(store, seconds=0.03, token="t3", leaving=True)
        second = await store.append(create("mail:2", "c-2"), receipt_id="r2", now=at(0.04))
        assert second.ring
        await take(store, seconds=0.05, limit=1, token="t4")
        third = await store.append(create("mail:3", "c-3"), receipt_id="r3", now=at(0.06))
        assert third.ring, "the claim came back full: more hands are welcome"

    run(body)


def test_open_interactions_are_listed_with_the_newest_activity_first(run: Run) -> None:
    """Ended ones are not listed; a new command counts as activity."""

    async def body(store: Store) -> None:
        for number in (1, 2, 3):
            await store.append(
                create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=at(number)
            )
        for claim in await take(store, seconds=3):
            await store.settle(claim, done(claim), lease=LEASE, now=at(3 + int(claim.external_id[-1])))
        await store.append(update("mail:4", "c-1"), receipt_id="r4", now=at(10))
        stop = Stop(
            service="support", external_id="c-2", idempotency_key="mail:5", channel="mail", received_at=at(11)
        )
        await store.append(stop, receipt_id="r5", now=at(11))
        (claim,) = [each for each in await take(store, seconds=11, token="t2") if each.external_id == "c-2"]
        ended = claim.interaction.ended(by=EndedBy.BRIDGE, tombstone=at(11), at=at(11))
        last = Settlement(2, ended, (entry(2),), calls=1, keep=False)
        await store.settle(claim, last, lease=LEASE, now=at(11))
        listed = await store.interactions("support", limit=10)
        assert [row.external_id for row in listed] == ["c-1", "c-3"]
        assert len(await store.interactions("support", limit=1)) == 1

    run(body)


def test_a_view_may_be_of_the_head_only(run: Run) -> None:
    """As many of the waiting commands as are asked for, oldest first, and how many there ever were."""

    async def body(store: Store) -> None:
        for number in range(1, 4):
            await store.append(update(f"mail:{number}"), receipt_id=f"r{number}", now=NOW)
        for pending, sequences in ((1, [1]), (2, [1, 2]), (9, [1, 2, 3]), (None, [1, 2, 3])):
            view = await store.view("support", "c-1", pending=pending)
            assert view is not None
            assert [each.sequence for each in view.pending] == sequences
            assert view.accepted == 3
        (claim,) = await take(store)
        await store.settle(claim, done(claim, sequence=3), lease=LEASE, now=NOW)
        view = await store.view("support", "c-1", pending=1)
        assert view is not None
        assert (view.pending, view.accepted) == ((), 3)

    run(body)


def test_partitions_share_one_service(run: Run) -> None:
    """Conversations spread over the partitions and are found again."""

    async def body(store: Store) -> None:
        for number in range(20):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "wide"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)
        counts = [(await store.backlog(Partition("wide", index), now=NOW)).due for index in range(4)]
        assert sum(counts) == 20
        assert all(counts)
        assert await store.view("wide", "c-7") is not None
        assert await store.view("wide", "c-99") is None
        await store.hold("wide", until=at(30), reason="401")
        for index in range(4):
            claims = await store.claim(Partition("wide", index), limit=9, lease=LEASE, token="t", now=NOW)
            assert claims == ()
        assert await store.interactions("wide", limit=5) == ()

    run(body)


def test_an_open_conversation_remembers_its_keys_beyond_the_window(run: Run) -> None:
    """A key is never forgotten while its interaction lives; after the end the window rules."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        (claim,) = await take(store)
        await store.settle(claim, done(claim), lease=LEASE, now=NOW)
        late = await store.append(create(), receipt_id="r2", now=at(3600))
        assert (late.receipt.id, late.receipt.duplicate) == ("r1", True)
        with pytest.raises(KeyConflict):
            await store.append(create(subject="Bye"), receipt_id="r3", now=at(3600))
        stop = Stop(
            service="support",
            external_id="c-1",
            idempotency_key="mail:s",
            channel="mail",
            received_at=at(3600),
        )
        await store.append(stop, receipt_id="r4", now=at(3600))
        (claim,) = await take(store, seconds=3600, token="t2")
        ended = claim.interaction.ended(by=EndedBy.BRIDGE, tombstone=at(3600), at=at(3600))
        last = Settlement(2, ended, (entry(2),), calls=1, keep=False)
        await store.settle(claim, last, lease=LEASE, now=at(3600))
        again = await store.append(create(), receipt_id="r5", now=at(3601))
        assert (again.receipt.id, again.receipt.duplicate) == ("r5", False)

    run(body)


def test_a_channel_may_have_a_window_of_its_own(run: Run) -> None:
    """The channel's window is used where it has one, the service's otherwise."""

    async def body(store: Store) -> None:
        hasty = create().model_copy(update={"channel": "hasty"})
        await store.append(hasty, receipt_id="r1", now=NOW)
        again = await store.append(hasty, receipt_id="r2", now=at(2))
        assert not again.receipt.duplicate

    run(body)


def test_replay_brings_a_parked_create_back_to_the_head(run: Run) -> None:
    """It stands before what came after it, and the lane moves again; a second replay finds nothing."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        burial = buried(claim, park=True)
        await store.bury(claim, burial, now=NOW)
        mended = create(key="mail:1#2", subject="Mended")
        for _ in range(2):  # the second time as after a lost answer
            assert await store.replay(burial.letter, mended, receipt_id="r3", now=at(9)) == 1
        assert await store.replay(burial.letter, mended, receipt_id="r4", now=at(9)) == 0
        assert await store.dead("support", limit=9) == ()
        assert await store.letter("support", "d1") is None
        (claim,) = await take(store, seconds=9, token="t2")
        assert [each.sequence for each in claim.commands] == [1, 2]
        assert claim.commands[0].command == mended
        view = await store.view("support", "c-1")
        assert view is not None
        assert (view.history[-1].event, view.history[-1].detail["letter"]) == ("replayed", "d1")

    run(body)


def test_replay_brings_an_update_to_the_end_of_its_lane(run: Run) -> None:
    """What has moved on is not turned back: the replayed update gets a new number."""

    async def body(store: Store) -> None:
        await store.append(update("mail:1"), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        burial = buried(claim)
        await store.bury(claim, burial, now=NOW)
        assert await store.replay(burial.letter, update("mail:1#2"), receipt_id="r3", now=at(1)) == 3
        (claim,) = await take(store, seconds=1, token="t2")
        assert [each.sequence for each in claim.commands] == [2, 3]

    run(body)


def test_discarding_a_create_lets_its_lane_go_on(run: Run) -> None:
    """Given up, it no longer parks the lane; a second discard finds nothing."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(update("mail:2"), receipt_id="r2", now=NOW)
        (claim,) = await take(store)
        burial = buried(claim, park=True)
        await store.bury(claim, burial, now=NOW)
        gone = entry(1, "discarded", 5)
        for _ in range(2):  # the second time as after a lost answer
            assert await store.discard(burial.letter.head, gone, token="x1")
        assert not await store.discard(burial.letter.head, gone, token="x2")
        (claim,) = await take(store, seconds=5, token="t2")
        assert [each.sequence for each in claim.commands] == [2]
        view = await store.view("support", "c-1")
        assert view is not None
        assert [line.event for line in view.history][-2:] == ["buried", "discarded"]

    run(body)


def test_unreadable_letters_can_be_discarded(run: Run) -> None:
    """An unreadable delivery belongs to no lane; it is just gone."""
    letter = Unreadable(id="u1", service="support", channel="mail", reason="?", arrived_at=NOW, body=b"x")

    async def body(store: Store) -> None:
        await store.keep(letter)
        assert await store.letter("support", "u1") == (letter, ())
        for _ in range(2):
            assert await store.discard(letter.head, entry(0, "discarded"), token="x1")
        assert not await store.discard(letter.head, entry(0, "discarded"), token="x2")
        assert await store.dead("support", limit=9) == ()

    run(body)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_pause_without_a_reason_is_a_pause(run: Run, reason: str) -> None:
    """It neither resumes nor does nothing; what nobody said is put into words."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.pause("support", reason="maintenance")
        await store.pause("support", reason=reason)
        assert await take(store) == ()
        assert (await store.backlog(HOME, now=NOW)).paused == "no reason given"

    run(body)


def test_a_paused_service_waits_for_a_person(run: Run) -> None:
    """Paused, nothing is claimed however long; resumed, everything is."""

    async def body(store: Store) -> None:
        await store.append(create(), receipt_id="r1", now=NOW)
        await store.pause("support", reason="maintenance")
        assert await take(store, seconds=9999) == ()
        assert (await store.backlog(HOME, now=at(1))).paused == "maintenance"
        await store.resume("support")
        assert len(await take(store, token="t2")) == 1

    run(body)


def test_after_a_hold_one_lane_tries_first(run: Run) -> None:
    """A held service is probed by a single lane; once it comes home, all go."""

    async def body(store: Store) -> None:
        for number in (1, 2, 3):
            await store.append(create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=NOW)
        await store.hold("support", until=at(30), reason="401")
        (probe,) = await take(store, seconds=30)
        assert (await store.backlog(HOME, now=at(30))).probing
        assert await take(store, seconds=31, token="t2") == ()
        await store.settle(probe, done(probe), lease=LEASE, now=at(31))
        assert len(await take(store, seconds=32, token="t3")) == 2
        assert not (await store.backlog(HOME, now=at(32))).probing

    run(body)


def test_a_probe_that_fails_shuts_the_gate_again(run: Run) -> None:
    """A failing probe opens the breaker for another while; a lost probe is followed by another."""

    async def body(store: Store) -> None:
        for number in (1, 2):
            await store.append(create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=NOW)
        await store.hold("support", until=at(30), reason="503")
        (probe,) = await take(store, seconds=30)
        assert await store.defer(probe, deferred(31, failed=True), now=at(31)) is Held.TRIPPED
        assert await take(store, seconds=45, token="t2") == ()
        (probe,) = await take(store, seconds=46, token="t3")
        assert await take(store, seconds=90, token="t4") == (), "the probe is out"
        assert len(await take(store, seconds=91, token="t5")) == 1, "its lease has lapsed"

    run(body)


def test_a_probe_that_comes_back_without_an_answer_makes_room_for_another(run: Run) -> None:
    """It was held again, say: the next lane need not wait for the lease of the one before."""

    async def body(store: Store) -> None:
        for number in (1, 2):
            await store.append(create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=NOW)
        await store.hold("support", until=at(30), reason="401")
        (probe,) = await take(store, seconds=30)
        await store.defer(probe, deferred(99), now=at(31))
        (other,) = await take(store, seconds=31, token="t2")
        assert other.external_id != probe.external_id

    run(body)


def test_a_burial_for_a_failure_may_shut_the_gate(run: Run) -> None:
    """Whoever buries is told, as after any other failure; told once."""

    async def body(store: Store) -> None:
        for number in (1, 2):
            await store.append(create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=NOW)
        await store.hold("support", until=at(30), reason="503")
        (probe,) = await take(store, seconds=30)
        burial = buried(probe, failed=True)
        assert await store.bury(probe, burial, now=at(31)) is Held.TRIPPED
        assert await store.bury(probe, burial, now=at(31)) is Held.EMPTY
        assert (await store.backlog(HOME, now=at(31))).held_until == at(46)

    run(body)


def test_the_breaker_opens_on_a_share_of_failures(run: Run) -> None:
    """Four calls, two of them failed: the service is left alone, then probed."""

    async def body(store: Store) -> None:
        for number in range(5):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "fragile"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)
        home = Partition("fragile", 0)
        claims = await store.claim(home, limit=4, lease=LEASE, token="t", now=NOW)
        for claim in claims[:2]:
            await store.settle(claim, done(claim), lease=LEASE, now=at(1))
        assert await store.defer(claims[2], deferred(2, failed=True), now=at(1)) is Held.WAITING
        assert await store.defer(claims[3], deferred(2, failed=True), now=at(1)) is Held.TRIPPED
        backlog = await store.backlog(home, now=at(5))
        assert (backlog.due, backlog.held_until) == (3, at(6))
        assert backlog.held_because == "breaker: 2 of 4 calls failed"
        assert await store.claim(home, limit=9, lease=LEASE, token="t2", now=at(5)) == ()
        (probe,) = await store.claim(home, limit=9, lease=LEASE, token="t3", now=at(6))
        assert await store.bury(probe, buried(probe), now=at(6)) is Held.EMPTY, "an answer, if not a nice one"
        assert len(await store.claim(home, limit=9, lease=LEASE, token="t4", now=at(6))) == 2

    run(body)


def test_failures_of_an_older_window_do_not_count(run: Run) -> None:
    """The breaker weighs what happened lately."""

    async def body(store: Store) -> None:
        home = Partition("fragile", 0)
        for number in range(4):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "fragile"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)
        claims = await store.claim(home, limit=4, lease=LEASE, token="t", now=NOW)
        for claim, seconds in zip(claims, (0, 1, 2, 12), strict=True):
            assert await store.defer(claim, deferred(99, failed=True), now=at(seconds)) is Held.WAITING

    run(body)


def test_the_rate_is_shared_and_saved_up_to_its_burst(run: Run) -> None:
    """Two calls a second, four at once after a rest; each further call of a command is paid for as well."""

    async def body(store: Store) -> None:
        home = Partition("metered", 0)
        for number in range(9):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "metered"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)

        async def claimed(seconds: float, token: str) -> tuple[Claim, ...]:
            return await store.claim(home, limit=9, lease=LEASE, token=token, now=at(seconds))

        claims = await claimed(0, "t1")
        assert len(claims) == 4
        assert await claimed(0.4, "t2") == ()
        assert len(await claimed(1, "t3")) == 2
        costly = Settlement(1, claims[0].interaction, (entry(1),), calls=3, keep=False)
        await store.settle(claims[0], costly, lease=LEASE, now=at(2))
        assert await claimed(2, "t4") == (), "two saved, two spent by the extra calls"
        assert len(await claimed(3, "t5")) == 2

    run(body)


def test_a_holder_goes_on_only_within_the_rate(run: Run) -> None:
    """A lane with more to do is given back when its next call has to wait."""

    async def body(store: Store) -> None:
        home = Partition("metered", 0)
        for number in range(6):
            command = update(f"mail:{number}").model_copy(update={"service": "metered"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)
        (claim,) = await store.claim(home, limit=9, lease=LEASE, token="t", now=NOW)
        kept = []
        for sequence in range(1, 5):
            held = await store.settle(claim, done(claim, keep=True, sequence=sequence), lease=LEASE, now=NOW)
            kept.append(held)
        assert kept == [Held.KEPT, Held.KEPT, Held.KEPT, Held.WAITING]

    run(body)


def test_the_number_in_flight_is_capped_for_all_workers(run: Run) -> None:
    """Two at once: a third goes when one comes home, is deferred, or its lease lapses."""

    async def body(store: Store) -> None:
        home = Partition("narrow", 0)
        for number in range(6):
            command = create(f"mail:{number}", f"c-{number}").model_copy(update={"service": "narrow"})
            await store.append(command, receipt_id=f"r{number}", now=NOW)

        async def claimed(seconds: float, token: str) -> tuple[Claim, ...]:
            return await store.claim(home, limit=9, lease=LEASE, token=token, now=at(seconds))

        first, second = await claimed(0, "t1")
        assert await claimed(1, "t2") == ()
        await store.settle(first, done(first), lease=LEASE, now=at(1))
        (third,) = await claimed(1, "t3")
        await store.defer(third, deferred(500), now=at(2))
        (fourth,) = await claimed(2, "t4")
        await store.bury(fourth, buried(fourth), now=at(3))
        assert await store.renew(second, lease=LEASE, now=at(3)) == at(48)
        (fifth,) = await claimed(3, "t5")
        assert await claimed(47, "t6") == ()
        assert len(await claimed(48, "t7")) == 2, "both leases have lapsed"
        assert fifth.fence == 1

    run(body)


def test_what_backs_off_can_be_hastened(run: Run) -> None:
    """One lane or all become due at once; what is being worked on keeps its lease."""

    async def body(store: Store) -> None:
        for number in (1, 2, 3):
            await store.append(create(f"mail:{number}", f"c-{number}"), receipt_id=f"r{number}", now=NOW)
        claims = await take(store)
        for claim in claims[:2]:
            await store.defer(claim, deferred(500), now=NOW)
        name = claims[0].external_id
        assert await store.hasten("support", external_id=name, now=at(1)) == 1
        assert await store.hasten("support", now=at(1)) == 1
        assert await store.hasten("support", now=at(1)) == 0
        assert len(await take(store, seconds=1, token="t2")) == 2

    run(body)


def test_unreadable_deliveries_are_kept_once(run: Run) -> None:
    """The bytes come back as they were; the same letter again changes nothing."""
    letter = Unreadable(
        id="u1", service="support", channel="mail", reason="not JSON", arrived_at=NOW, body=b"\xff"
    )

    async def body(store: Store) -> None:
        await store.keep(letter)
        await store.keep(letter.model_copy(update={"reason": "other"}))
        assert await store.dead("support", limit=10) == (letter.head,)
        assert await store.letter("support", "u1") == (letter, ())

    run(body)


def test_counters_count(run: Run) -> None:
    """A tally adds one to one counter of one service."""

    async def body(store: Store) -> None:
        for _ in range(3):
            await store.tally("support", "mail:refused")
        assert await store.tallies("support") == {"mail:refused": 3}
        assert await store.tallies("wide") == {}

    run(body)


def test_concurrent_copies_share_one_outcome(run: Run) -> None:
    """One is accepted, the others are its duplicates, and one command waits."""

    async def body(store: Store) -> None:
        await store.ping()
        copies = await asyncio.gather(
            *(store.append(create(), receipt_id=f"r{n}", now=NOW) for n in range(5))
        )
        assert len({each.receipt.id for each in copies}) == 1
        assert sorted(each.receipt.duplicate for each in copies) == [False, True, True, True, True]
        (claim,) = await take(store)
        assert len(claim.commands) == 1

    run(body)


def test_concurrent_appends_get_distinct_places(run: Run) -> None:
    """Commands submitted at once stand in one order without gaps, and only one asks for a ring."""

    async def body(store: Store) -> None:
        await store.ping()
        appended = await asyncio.gather(
            *(store.append(update(f"mail:{n}"), receipt_id=f"r{n}", now=NOW) for n in range(5))
        )
        assert sorted(each.receipt.sequence for each in appended) == [1, 2, 3, 4, 5]
        assert sum(each.ring for each in appended) == 1

    run(body)


def test_a_key_tells_what_was_said_under_it(run: Run) -> None:
    """The first receipt, whatever was submitted since, its fingerprint and the end of its window."""

    async def body(store: Store) -> None:
        first = await store.append(create(), receipt_id="r1", now=NOW)
        await store.append(create(), receipt_id="r2", now=at(5))
        seen = await store.seen("support", "c-1", "mail:1")
        assert seen is not None
        assert seen.receipt == first.receipt
        assert (seen.fingerprint, seen.expires_at) == (create().fingerprint, at(60))
        assert await store.seen("support", "c-1", "mail:2") is None
        assert await store.seen("support", "never-heard-of", "mail:2") is None

    run(body)
