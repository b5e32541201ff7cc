"""What only the Redis lanes do: keys that expire, and content that a newer bridge wrote.

The promises that both stores keep are in test_contract and test_interleavings.
"""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count, islice

import pytest
from redis.asyncio import Redis

from worker.commands import Command, Create, Update
from worker.errors import KeyConflict
from worker.interactions import EndedBy, Interaction
from worker.lanes import Burial, Claim, Deferral, Entry, Held, Partition, Settlement
from worker.letters import DeadCommand
from worker.store import seen
from worker.store.keys import Keys
from worker.store.limits import HISTORY_CAP, Limits, ServiceLimits
from worker.store.redis import RedisStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=45)
HOME = Partition("support", 0)
KEYS = Keys.of(HOME)
LIMITS = Limits({"support": ServiceLimits(dedup_window_ms=60_000, ended_retention_ms=30_000)})

Body = Callable[[RedisStore, Redis], Awaitable[None]]


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


def command(number: int, kind: type[Command] = Create, external_id: str = "c-1") -> Command:
    """Return the n-th command."""
    return kind(
        service="support",
        external_id=external_id,
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
    )


async def append(store: RedisStore, number: int, kind: type[Command] = Create, lane: str = "c-1") -> None:
    """Append the n-th command."""
    await store.append(command(number, kind, lane), receipt_id=f"r{number}", now=NOW)


async def take(store: RedisStore, token: str, seconds: float = 0) -> tuple[Claim, ...]:
    """Claim what is due."""
    return await store.claim(HOME, limit=9, lease=LEASE, token=token, now=NOW + timedelta(seconds=seconds))


def settlement(row: Interaction, sequence: int) -> Settlement:
    """Return the settlement of the head."""
    entry = Entry(at=NOW, event="applied", sequence=sequence)
    return Settlement(sequence, row, (entry,), calls=1, keep=False)


def row_of(claim: Claim, *, ended: bool) -> Interaction:
    """Return the row after its creation, or after its end."""
    row = claim.interaction.opened(interaction_id="I1", channel="mail", at=NOW)
    return row.ended(by=EndedBy.BRIDGE, tombstone=NOW, at=NOW) if ended else row


async def lifetimes(redis: Redis) -> tuple[bool, bool]:
    """Say whether row and history of the conversation will be forgotten."""
    return await redis.pttl(KEYS.row("c-1")) > 0, await redis.pttl(KEYS.history("c-1")) > 0


@pytest.mark.parametrize("ended", [False, True])
def test_only_what_has_ended_is_forgotten(run: Callable[[Body], None], *, ended: bool) -> None:
    """After the retention; an open interaction's row stays as long as it is open."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        (claim,) = await take(store, "t1")
        await store.settle(claim, settlement(row_of(claim, ended=ended), 1), lease=LEASE, now=NOW)
        assert await lifetimes(redis) == (ended, ended)
        assert await redis.pttl(KEYS.row("c-1")) <= 30_000

    run(body)


def test_a_new_command_keeps_what_was_going_to_be_forgotten(run: Callable[[Body], None]) -> None:
    """The row of an ended conversation is needed again."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        (claim,) = await take(store, "t1")
        await store.settle(claim, settlement(row_of(claim, ended=True), 1), lease=LEASE, now=NOW)
        await append(store, 2, Update)
        assert await lifetimes(redis) == (False, False)

    run(body)


def test_a_buried_update_of_what_has_ended_lets_it_be_forgotten(run: Callable[[Body], None]) -> None:
    """Its row was kept for the update only."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        (claim,) = await take(store, "t1")
        await store.settle(claim, settlement(row_of(claim, ended=True), 1), lease=LEASE, now=NOW)
        await append(store, 2, Update)
        (claim,) = await take(store, "t2")
        letter = DeadCommand(
            id="d1",
            cause="ended",
            reason="ended",
            buried_at=NOW,
            attempts=1,
            sequence=2,
            command=command(2, Update),
        )
        entry = Entry(at=NOW, event="buried", sequence=2)
        burial = Burial(letter, entry, park=False, failed=False, calls=1)
        assert await store.bury(claim, burial, now=NOW) is Held.EMPTY
        assert await lifetimes(redis) == (True, True)

    run(body)


#: What stands for as long as its service does, whatever it holds.
FIXED = {"due", "active", "gate", "out", "bell", "dead", "tally", "pace"}


async def kept_for_ever(store: RedisStore, redis: Redis) -> set[str]:
    """Return the keys without an end, by what they belong to, besides the fixed ones."""
    found = set()
    async for key in redis.scan_iter():
        name = key.decode().removeprefix(KEYS.prefix)
        if name not in FIXED and await redis.pttl(key) == -1:
            found.add(name)
    open_ones = {row.external_id for row in await store.interactions("support", limit=99)}
    assert {name for name in open_ones if f"row:{name}" not in found} == set(), "an open one is not forgotten"
    return found


def burial_of(claim: Claim, letter_id: str, *, park: bool) -> Burial:
    """Return the burial of a claim's head."""
    head = claim.commands[0]
    letter = DeadCommand(
        id=letter_id,
        cause="rejected",
        reason="400",
        buried_at=NOW,
        attempts=1,
        sequence=head.sequence,
        command=head.command,
    )
    return Burial(
        letter, Entry(at=NOW, event="buried", sequence=head.sequence), park=park, failed=False, calls=1
    )


def number_of(lane: str) -> int:
    """Return a number of a conversation's own for its first command."""
    return 2 * zlib.crc32(lane.encode())


async def end(store: RedisStore, lane: str, how: str) -> None:
    """Bring a conversation to one of its ends."""
    kind = Update if how == "dropped" else Create
    await append(store, number_of(lane), kind, lane)
    (claim,) = [each for each in await take(store, lane) if each.external_id == lane]
    if how == "dropped":
        await store.settle(claim, settlement(claim.interaction, 1), lease=LEASE, now=NOW)
    elif how in {"stopped", "ended elsewhere", "open"}:
        row = row_of(claim, ended=how == "stopped")
        await store.settle(claim, settlement(row, 1), lease=LEASE, now=NOW)
        if how == "ended elsewhere":
            await append(store, 1 + number_of(lane), Update, lane)
            (claim,) = await take(store, f"{lane}/2")
            gone = claim.interaction.ended(by=EndedBy.ELSEWHERE, tombstone=NOW, at=NOW)
            await store.settle(claim, settlement(gone, 2), lease=LEASE, now=NOW)
    else:
        burial = burial_of(claim, f"d-{lane}", park=how in {"parked", "discarded", "replayed"})
        await store.bury(claim, burial, now=NOW)
        gone = Entry(at=NOW, event="discarded", sequence=1)
        if how in {"discarded", "buried, discarded"}:
            assert await store.discard(burial.letter.head, gone, token=f"x-{lane}")
        if how in {"replayed", "buried, replayed"}:
            assert await store.replay(burial.letter, burial.letter.command, receipt_id=f"x-{lane}", now=NOW)


ENDS = ("stopped", "dropped", "ended elsewhere", "discarded", "buried, discarded")


@pytest.mark.parametrize("how", ENDS)
def test_nothing_stays_of_what_is_over(run: Callable[[Body], None], how: str) -> None:
    """Whatever way a conversation ends, each of its keys ends as well."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await end(store, "c-1", how)
        assert await kept_for_ever(store, redis) == set()
        assert await redis.pttl(KEYS.row("c-1")) > 0, "it is remembered for a while"

    run(body)


def test_what_is_needed_stays(run: Callable[[Body], None]) -> None:
    """The open, the parked, what waits again, and the letters: all together, nothing of what is over."""

    async def body(store: RedisStore, redis: Redis) -> None:
        for how in (*ENDS, "open", "parked", "buried", "replayed", "buried, replayed"):
            await end(store, how, how)
        whole = ("row", "history", "keys")
        assert await kept_for_ever(store, redis) == {
            *(f"{each}:open" for each in whole),
            *(f"{each}:parked" for each in whole),
            "letter:d-parked",
            "letter:d-buried",
            *(f"{each}:replayed" for each in ("lane", *whole)),
            *(f"{each}:buried, replayed" for each in ("lane", *whole)),
        }

    run(body)


def test_a_conversation_taken_up_again_is_whole(run: Callable[[Body], None]) -> None:
    """What was going to be forgotten after a burial stays with the next command: row, history and keys."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await end(store, "c-1", "buried")
        assert await redis.pttl(KEYS.keys("c-1")) > 0
        await append(store, 2, Update)
        names = ("lane", "row", "history", "keys")
        assert await kept_for_ever(store, redis) == {"letter:d-c-1", *(f"{each}:c-1" for each in names)}

    run(body)


def test_keys_and_tokens_are_forgotten(run: Callable[[Body], None]) -> None:
    """Keys soon after their window, a claim's token with its lease, a discard's after ten minutes."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        await take(store, "t1")
        assert 60_000 < await redis.pttl(KEYS.told(seen.bucket("mail:1"))) <= 67_500
        assert 0 < await redis.pttl(KEYS.token("t1")) <= 45_000
        await end(store, "c-2", "discarded")
        assert 0 < await redis.pttl(KEYS.token("x-c-2")) <= 600_000

    run(body)


def test_a_history_does_not_grow_for_ever(run: Callable[[Body], None]) -> None:
    """The newest lines are kept."""

    async def body(store: RedisStore, _redis: Redis) -> None:
        await append(store, 1)
        for turn in range(HISTORY_CAP + 5):
            (claim,) = await take(store, f"t{turn}")
            entry = Entry(at=NOW, event="deferred", sequence=turn)
            deferral = Deferral(NOW, suspect=False, counted=False, failed=False, calls=1, entry=entry)
            await store.defer(claim, deferral, now=NOW)
        view = await store.view("support", "c-1")
        assert view is not None
        assert [line.sequence for line in view.history] == list(range(5, HISTORY_CAP + 5))

    run(body)


def test_a_command_of_a_newer_bridge_is_claimed_unread(run: Callable[[Body], None]) -> None:
    """Its place and receipt are known; what follows it is read."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        await append(store, 2, Update)
        lane = KEYS.lane("c-1")
        written = await redis.lindex(lane, 0)
        await redis.lset(lane, 0, written.replace(b'"kind":"create"', b'"kind":"transfer"'))
        (claim,) = await take(store, "t1")
        assert [(queued.sequence, queued.command is None) for queued in claim.commands] == [
            (1, True),
            (2, False),
        ]
        view = await store.view("support", "c-1")
        assert view is not None
        assert view.pending[0].command is None

    run(body)


def test_a_row_of_a_newer_bridge_holds_up_no_other_lane(run: Callable[[Body], None]) -> None:
    """A claim gives every lane that was due; of one whose row cannot be read, no command is read either."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        await append(store, 2, lane="c-2")
        newer = '{"service":"support","external_id":"c-1","queue":"vip"}'
        await redis.hset(KEYS.row("c-1"), "record", newer)
        claims = {claim.external_id: claim for claim in await take(store, "t1")}
        assert [(queued.sequence, queued.command) for queued in claims["c-1"].commands] == [(1, None)]
        assert claims["c-2"].commands[0].command == command(2, external_id="c-2")
        assert await store.view("support", "c-1") is None
        later = Deferral(
            NOW,
            suspect=False,
            counted=False,
            failed=False,
            calls=0,
            entry=Entry(at=NOW, event="d", sequence=1),
        )
        assert await store.defer(claims["c-1"], later, now=NOW) is Held.WAITING
        assert await redis.hget(KEYS.row("c-1"), "record") == newer.encode(), "nobody overwrote it"

    run(body)


def test_an_open_row_of_a_newer_bridge_hides_no_other(run: Callable[[Body], None]) -> None:
    """What can be read of the open interactions is listed."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        await append(store, 2, lane="c-2")
        for claim in await take(store, "t1"):
            done = settlement(row_of(claim, ended=False), 1)
            await store.settle(claim, done, lease=LEASE, now=NOW)
        await redis.hset(KEYS.row("c-1"), "record", '{"queue":"vip"}')
        assert [row.external_id for row in await store.interactions("support", limit=9)] == ["c-2"]

    run(body)


def test_nothing_is_written_outside_the_partition(run: Callable[[Body], None]) -> None:
    """Every key that the verbs touch carries its hash tag, so a cluster could hold it."""

    async def body(store: RedisStore, redis: Redis) -> None:
        await append(store, 1)
        await append(store, 2, Update)
        (claim,) = await take(store, "t1")
        await store.settle(claim, settlement(row_of(claim, ended=False), 1), lease=LEASE, now=NOW)
        await store.hold("support", until=NOW, reason="429")
        await store.pause("support", reason="maintenance")
        await store.hasten("support", now=NOW)
        await store.tally("support", "mail:refused")
        found = [key.decode() async for key in redis.scan_iter()]
        assert len(found) >= 8
        assert all(key.startswith(KEYS.prefix) for key in found)

    run(body)


def test_keys_make_room_for_those_that_share_their_hash(run: Callable[[Body], None]) -> None:
    """Once an eighth of the window has passed, what is over is taken out; what is not stays."""

    async def body(store: RedisStore, redis: Redis) -> None:
        place = seen.bucket("mail:1")
        second, third, fourth = islice((n for n in count(2) if seen.bucket(f"mail:{n}") == place), 3)
        told = KEYS.told(place)
        for number, seconds in ((1, 0), (second, 59), (third, 60)):
            at = NOW + timedelta(seconds=seconds)
            await store.append(command(number), receipt_id=f"r{number}", now=at)
        assert await redis.hlen(told) == 3
        await redis.pexpire(told, 59_999)
        at = NOW + timedelta(seconds=60)
        await store.append(command(fourth), receipt_id="r", now=at)
        assert await redis.hlen(told) == 3
        assert not await redis.hexists(told, seen.digest("mail:1"))
        assert 60_000 < await redis.pttl(told) <= 67_500

    run(body)


TEXT = "{expires}|{fingerprint}|r0|4|2|1795435200000|c-1"


@pytest.mark.parametrize("kept", ["seen", "keys"])
def test_what_an_older_bridge_remembers_is_honoured(run: Callable[[Body], None], kept: str) -> None:
    """Keys of a window and of an open conversation: the first receipt, and a conflict for another content."""

    async def body(store: RedisStore, redis: Redis) -> None:
        first = command(7)
        expires = NOW + timedelta(seconds=60 if kept == "seen" else -1)
        text = TEXT.format(expires=int(expires.timestamp() * 1000), fingerprint=first.fingerprint)
        await redis.set(KEYS.seen("mail:7"), text)
        if kept == "keys":
            await redis.zadd(KEYS.active, {"c-1": 1})
            await redis.hset(KEYS.keys("c-1"), "mail:7", text)
        again = await store.append(first, receipt_id="r9", now=NOW)
        assert (again.receipt.id, again.receipt.sequence, again.receipt.duplicate) == ("r0", 4, True)
        with pytest.raises(KeyConflict) as caught:
            await store.append(command(7, Update), receipt_id="r9", now=NOW)
        assert caught.value.first == first.fingerprint
        told = await store.seen("support", "c-1", "mail:7")
        assert told is not None
        assert (told.receipt.id, told.expires_at) == ("r0", expires)
        assert not await redis.exists(KEYS.lane("c-1"))

    run(body)
