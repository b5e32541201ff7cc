"""Intake accepts in order, says so only after the store did, and wakes a worker without waiting for it."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic_core import to_json

from worker.arrivals import ARRIVALS_CAP, Arrival
from worker.blob import BlobName
from worker.blobs.directory import DirectoryBlobs
from worker.budget import MARKS_BYTES
from worker.commands import Command, Create, Update
from worker.errors import KeyConflict, LaneFull, StoreUnavailable, UnknownService, UserDataRefused
from worker.events import CommandAccepted, CommandRepeated, Event
from worker.intake import Intake
from worker.lanes import Appended, Partition, Receipt, partition_of
from worker.letters import Unreadable
from worker.ports import Store
from worker.settings import ServiceSettings
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def service(partitions: int = 1) -> ServiceSettings:
    """Return a service's settings."""
    return ServiceSettings(base_url="http://127.0.0.1:1", api_key="env:KEY", partitions=partitions)


LIMITS = Limits({"support": ServiceLimits(lane_cap=2), "wide": ServiceLimits(partitions=4)})


def command(number: int, *, service: str = "support", kind: type[Command] = Create) -> Command:
    """Return the n-th command of a conversation."""
    return kind(
        service=service,
        external_id="c-1",
        idempotency_key=f"mail:{number}",
        channel="mail",
        received_at=NOW,
        trace_id="ab" * 16,
    )


class Bell:
    """Keeps what was rung; rings only when it may."""

    def __init__(self) -> None:
        self.rings: list[Partition] = []
        self.may = asyncio.Event()

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """See `worker.ports.Doorbell.ring`."""
        await self.may.wait()
        self.rings.append(partition)
        return hops == 0


class Away(MemoryStore):
    """Answers nothing after so many appends."""

    def __init__(self, appends: int = 0) -> None:
        super().__init__()
        self.appends = appends
        self.is_back = False

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        if not self.appends:
            raise StoreUnavailable("gone")
        self.appends -= 1
        return await super().append(command, receipt_id=receipt_id, now=now)

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """See `worker.ports.Letters.tally`."""
        if not self.is_back:
            raise StoreUnavailable(f"gone: {service} {counter}")
        await super().tally(service, counter, count)


class Counting(MemoryStore):
    """Counts how often it is written to."""

    writes = 0

    async def tally(self, service: str, counter: str, count: int = 1) -> None:
        """See `worker.ports.Letters.tally`."""
        self.writes += 1
        await super().tally(service, counter, count)


class Gathering(MemoryStore):
    """Answers an append only after everything that can be under way is, and notes what that was."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.under_way: list[list[str]] = []

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        if not self.under_way or self.under_way[-1] is not self.gathering:
            self.gathering: list[str] = []
            self.under_way.append(self.gathering)
        self.gathering.append(command.idempotency_key)
        for _ in range(20):
            await asyncio.sleep(0)
        self.gathering = []
        return await super().append(command, receipt_id=receipt_id, now=now)


class Scene:
    """An intake with everything around it."""

    def __init__(self, store: Store | None = None, partitions: int = 1, receipts: str = "r") -> None:
        self.store = store or MemoryStore(Limits(dict(LIMITS.services)))
        self.bell = Bell()
        self.events: list[Event] = []
        numbers = iter(range(100))
        self.intake = Intake(
            self.store,
            self.bell,
            services={"support": service(partitions), "wide": service(partitions=4)},
            clock=lambda: NOW,
            ids=lambda: f"{receipts}{next(numbers)}",
            listen=self.events.append,
        )

    def submit(self, commands: Iterable[Command]) -> tuple[Receipt, ...]:
        """Submit, then let the doorbell ring."""

        async def scene() -> tuple[Receipt, ...]:
            try:
                return await self.intake.submit(list(commands))
            finally:
                self.bell.may.set()
                await self.intake.settle()

        return asyncio.run(scene())

    def tally(self, *counters: str) -> None:
        """Count for services in turn, then end."""

        async def scene() -> None:
            for service, counter in zip(counters[::2], counters[1::2], strict=True):
                await self.intake.tally(service, counter)
            await self.intake.settle()

        asyncio.run(scene())

    def pending(self, service: str = "support") -> list[int]:
        """Return what waits in the conversation."""
        view = asyncio.run(self.store.view(service, "c-1"))
        return [queued.sequence for queued in view.pending] if view else []


def test_arrivals_are_remembered_soon_and_never_in_the_way() -> None:
    """A flood is one write of the last ones; a store that is away loses them, and nobody notices."""

    async def scene(store: Store) -> None:
        around = Scene(store)
        for number in range(ARRIVALS_CAP + 1):
            around.intake.remember(Arrival(channel="mail", at=NOW, answer="accepted", size_bytes=number))
        await around.intake.settle()

    store = MemoryStore(LIMITS)
    asyncio.run(scene(store))
    remembered = asyncio.run(store.arrivals("mail", limit=99))
    assert [each.size_bytes for each in remembered] == list(range(ARRIVALS_CAP, 0, -1))
    asyncio.run(scene(_WithoutArrivals(LIMITS)))


class _WithoutArrivals(MemoryStore):
    """A store that is away whenever arrivals are to be kept."""

    async def put_arrivals(self, channel: str, arrivals: Sequence[Arrival]) -> None:
        """See `worker.search_ports.Arrivals.put_arrivals`."""
        raise StoreUnavailable(f"away: {channel}, {len(arrivals)}")


def test_commands_are_accepted_in_order() -> None:
    """Each has its receipt and is told; one ring is enough for all, and nobody waits for it."""
    scene = Scene()
    receipts = scene.submit([command(1), command(2, kind=Update)])
    assert [(receipt.id, receipt.sequence) for receipt in receipts] == [("r0", 1), ("r1", 2)]
    assert scene.events[0] == CommandAccepted("support", "mail", "c-1", "create", 1, "r0", "ab" * 16)
    assert [type(event) for event in scene.events] == [CommandAccepted, CommandAccepted]
    assert scene.bell.rings == [Partition("support", 0)]
    assert scene.pending() == [1, 2]


def test_the_ring_goes_to_the_lanes_own_partition() -> None:
    """A service with several partitions is rung where the conversation lives."""
    scene = Scene()
    scene.submit([command(1, service="wide")])
    assert scene.bell.rings == [partition_of("wide", "c-1", 4)]


def test_a_repeated_command_is_told_as_such() -> None:
    """The first receipt comes back, and nothing waits twice."""
    scene = Scene()
    (first,) = scene.submit([command(1)])
    (again,) = scene.submit([command(1)])
    assert again == first.model_copy(update={"duplicate": True})
    assert scene.events[1] == CommandRepeated("support", "mail", "c-1", "create", 1, "r0", "ab" * 16)
    assert scene.pending() == [1]


def test_an_unknown_service_is_refused_before_anything_is_kept() -> None:
    """The sender hears which services there are."""
    scene = Scene()
    with pytest.raises(UnknownService, match="no service 'sales' is configured; there is: support, wide"):
        scene.submit([command(1), command(2, service="sales")])
    assert scene.pending() == []
    assert scene.events == []


def test_too_much_user_data_is_cut_to_the_services_budget() -> None:
    """What waits in the lane is what will be sent: within the budget, with room left for our marks."""
    scene = Scene()
    scene.submit([command(1).model_copy(update={"user_data": {"Text": "x" * 50_000, "Subject": "short"}})])
    (queued,) = asyncio.run(scene.store.view("support", "c-1")).pending
    room = service().user_data_bytes - MARKS_BYTES
    assert room - 50 < len(to_json(queued.command.user_data)) <= room
    assert queued.command.user_data["Subject"] == "short"


def test_the_same_message_is_cut_alike() -> None:
    """Sent again, it is the duplicate that it was before it was cut."""
    scene = Scene()
    long = command(1).model_copy(update={"user_data": {"Text": "x" * 50_000}})
    receipts = [scene.submit([long])[0] for _ in range(2)]
    assert [receipt.duplicate for receipt in receipts] == [False, True]


@pytest.mark.parametrize(
    "user_data", [{"Queue": "vip"}, {"Numbers": list(range(9000))}], ids=["reserved", "endless"]
)
def test_what_the_api_would_refuse_is_refused_before_anything_is_kept(user_data: dict[str, object]) -> None:
    """The sender hears of it, and of its other commands none is half done."""
    scene = Scene()
    wrong = command(2).model_copy(update={"user_data": user_data})
    with pytest.raises(UserDataRefused):
        scene.submit([command(1), wrong])
    assert scene.pending() == []
    assert scene.events == []
    assert scene.bell.rings == []


def test_a_full_lane_and_a_conflict_are_the_senders_to_hear() -> None:
    """Neither is told as accepted."""
    scene = Scene()
    scene.submit([command(1), command(2)])
    with pytest.raises(LaneFull):
        scene.submit([command(3)])
    with pytest.raises(KeyConflict):
        scene.submit([command(1, kind=Update)])
    assert len(scene.events) == 2


def test_what_was_kept_before_the_store_went_away_is_a_duplicate_then() -> None:
    """The sender comes again with all of them, and none is doubled."""
    scene = Scene(Away(appends=1))
    with pytest.raises(StoreUnavailable):
        scene.submit([command(1), command(2)])
    scene.store.appends = 10
    receipts = scene.submit([command(1), command(2)])
    assert [receipt.duplicate for receipt in receipts] == [True, False]
    assert scene.pending() == [1, 2]


def test_an_unreadable_delivery_is_kept() -> None:
    """It is in the dead letters afterwards."""
    scene = Scene()
    letter = Unreadable(id="u1", service="support", channel="mail", reason="?", arrived_at=NOW, body=b"x")
    asyncio.run(scene.intake.keep(letter))
    assert asyncio.run(scene.store.letter("support", letter.id)) == (letter, ())


def test_counting_is_not_worth_an_error() -> None:
    """A count is not a promise: a store that is away costs the count only."""
    away = Scene(Away())
    away.tally("support", "mail:refused")
    assert asyncio.run(away.store.tallies("support")) == {}


def test_counts_are_written_together() -> None:
    """A thousand refusals are one write, and none is lost when the process ends."""
    scene = Scene(Counting())
    scene.tally(*["support", "mail:refused"] * 1000, "", "http:malformed")
    assert asyncio.run(scene.store.tallies("support")) == {"mail:refused": 1000}
    assert asyncio.run(scene.store.tallies("")) == {"http:malformed": 1}
    assert scene.store.writes == 2


def test_counts_are_written_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to ask for it, and a store that was away gets them when it is back."""
    monkeypatch.setattr("worker.intake.COUNTED_EVERY_S", 0)
    scene = Scene(Away())

    async def main() -> dict[str, int]:
        await scene.intake.tally("support", "mail:refused")
        for _ in range(5):
            await asyncio.sleep(0)
        scene.store.is_back = True
        for _ in range(5):
            await asyncio.sleep(0)
        return await scene.store.tallies("support")

    assert asyncio.run(main()) == {"mail:refused": 1}


def test_settling_with_nothing_to_settle_returns_at_once() -> None:
    """There is nothing to wait for."""
    scene = Scene()
    asyncio.run(scene.intake.settle())
    assert scene.bell.rings == []


def in_lane(lane: str, number: int, *, subject: str = "") -> Create:
    """Return the n-th command of one of several conversations."""
    data = {"Subject": subject} if subject else {}
    return command(number).model_copy(
        update={"external_id": lane, "idempotency_key": f"mail:{lane}:{number}", "user_data": data}
    )


def lanes(scene: Scene, *names: str) -> list[list[str]]:
    """Return the keys that wait in each lane, in order."""

    async def look() -> list[list[str]]:
        views = [await scene.store.view("support", name) for name in names]
        return [[each.command.idempotency_key for each in view.pending] if view else [] for view in views]

    return asyncio.run(look())


def test_a_batch_has_its_receipts_in_its_own_order() -> None:
    """Whatever lanes its commands go to; each lane keeps the batch's order."""
    scene = Scene()
    batch = [in_lane("a", 1), in_lane("b", 1), in_lane("a", 2)]
    receipts = scene.submit(batch)
    assert [(each.external_id, each.sequence) for each in receipts] == [("a", 1), ("b", 1), ("a", 2)]
    assert lanes(scene, "a", "b") == [["mail:a:1", "mail:a:2"], ["mail:b:1"]]


def test_lanes_of_a_batch_go_out_together() -> None:
    """No lane waits for another one's answer; within a lane each command waits for the one before."""
    store = Gathering(Limits({"support": ServiceLimits(lane_cap=9)}))
    scene = Scene(store)
    scene.submit([in_lane("a", 1), in_lane("a", 2), in_lane("b", 1), in_lane("c", 1)])
    assert store.under_way == [["mail:a:1", "mail:b:1", "mail:c:1"], ["mail:a:2"]]


def test_a_full_lane_in_a_batch_holds_up_no_other() -> None:
    """The sender comes again: what was kept is a duplicate then, and the full lane kept its order."""
    scene = Scene()
    scene.submit([in_lane("b", 1), in_lane("b", 2)])
    batch = [in_lane("a", 1), in_lane("b", 3), in_lane("b", 4), in_lane("c", 1)]
    with pytest.raises(LaneFull):
        scene.submit(batch)
    assert lanes(scene, "a", "b", "c") == [["mail:a:1"], ["mail:b:1", "mail:b:2"], ["mail:c:1"]]
    scene.store._state.limits.services["support"] = ServiceLimits(lane_cap=9)
    receipts = scene.submit(batch)
    assert [each.duplicate for each in receipts] == [True, False, False, True]
    assert lanes(scene, "b") == [["mail:b:1", "mail:b:2", "mail:b:3", "mail:b:4"]]


def test_a_conflict_in_a_batch_holds_up_nothing() -> None:
    """It will never be accepted, so all the others are, before the sender hears of it."""
    scene = Scene()
    scene.submit([in_lane("a", 1)])
    batch = [in_lane("a", 1, subject="other"), in_lane("a", 2), in_lane("b", 1)]
    with pytest.raises(KeyConflict, match="mail:a:1"):
        scene.submit(batch)
    assert lanes(scene, "a", "b") == [["mail:a:1", "mail:a:2"], ["mail:b:1"]]


def test_coming_again_matters_more_than_a_conflict() -> None:
    """A batch with both is not settled by the conflict: the sender must bring it again."""
    scene = Scene()
    scene.submit([in_lane("a", 1), in_lane("b", 1), in_lane("b", 2)])
    with pytest.raises(LaneFull):
        scene.submit([in_lane("a", 1, subject="other"), in_lane("b", 3)])


@pytest.mark.parametrize("slots", [1, 4])
def test_a_batch_that_was_half_kept_is_whole_after_it_came_again(redis_url: str, slots: int) -> None:
    """With lanes in one slot of Redis and in several, no command is lost, doubled or out of order."""

    async def main() -> None:
        caps = [Limits({"support": ServiceLimits(partitions=slots, lane_cap=cap)}) for cap in (2, 9)]
        stores = [RedisStore.open(redis_url, each, timeout_s=5) for each in caps]
        batch = [in_lane(lane, number) for number in (1, 2, 3) for lane in "abcdef"]
        late = [each for each in batch if each.idempotency_key.endswith(":3")]
        try:
            first, second = Scene(stores[0], slots, "first"), Scene(stores[1], slots, "second")
            with pytest.raises(LaneFull):
                await first.intake.submit(batch)
            receipts = await second.intake.submit(batch)
            for scene in (first, second):
                scene.bell.may.set()
                await scene.intake.settle()
            assert [each.duplicate for each in receipts] == [each not in late for each in batch]
            for lane in "abcdef":
                view = await stores[1].view("support", lane)
                assert [each.command.idempotency_key[-1] for each in view.pending] == ["1", "2", "3"]
        finally:
            for store in stores:
                await store.aclose()

    asyncio.run(main())


def test_a_time_in_the_future_is_now() -> None:
    """A mailbox whose clock is ahead makes no earlier mail forgotten; an earlier time stays as it is."""
    intake, window = Scene().intake, timedelta(minutes=10)

    async def counts() -> list[int]:
        hours = (0, 0, 5, -5)
        return [
            await intake.recur(
                "support", "mail", "ada", str(member), at=NOW + timedelta(hours=hour), window=window
            )
            for member, hour in enumerate(hours)
        ]

    assert asyncio.run(counts()) == [1, 2, 3, 1]


def test_whole_messages_are_kept_under_their_hash(tmp_path: Path) -> None:
    """Where blobs are kept at all; otherwise nothing happens."""
    blobs = DirectoryBlobs(tmp_path)

    async def scene() -> bytes | None:
        for place in (blobs, None):
            intake = Intake(
                MemoryStore(), Bell(), services={}, clock=lambda: NOW, ids=str, listen=print, blobs=place
            )
            await intake.preserve("mail", b"Subject: Hi")
        return await blobs.get(BlobName.of("mail", b"Subject: Hi"))

    assert asyncio.run(scene()) == b"Subject: Hi"
