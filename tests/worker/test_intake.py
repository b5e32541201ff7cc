"""Intake accepts in order, says so only after the store did, and wakes a worker without waiting for it."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from pydantic_core import to_json

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

    async def append(self, command: Command, *, receipt_id: str, now: datetime) -> Appended:
        """See `worker.ports.Lanes.append`."""
        if not self.appends:
            raise StoreUnavailable("gone")
        self.appends -= 1
        return await super().append(command, receipt_id=receipt_id, now=now)

    async def tally(self, service: str, counter: str) -> None:
        """See `worker.ports.Letters.tally`."""
        raise StoreUnavailable(f"gone: {service} {counter}")


class Scene:
    """An intake with everything around it."""

    def __init__(self, store: Store | None = None) -> None:
        self.store = store or MemoryStore(LIMITS)
        self.bell = Bell()
        self.events: list[Event] = []
        numbers = iter(range(100))
        self.intake = Intake(
            self.store,
            self.bell,
            services={"support": service(), "wide": service(partitions=4)},
            clock=lambda: NOW,
            ids=lambda: f"r{next(numbers)}",
            listen=self.events.append,
        )

    def submit(self, commands: Iterable[Command]) -> tuple[Receipt, ...]:
        """Submit, then let the doorbell ring."""

        async def scene() -> tuple[Receipt, ...]:
            try:
                return await self.intake.submit(list(commands))
            finally:
                self.bell.may.set()
                await self.intake.settle_rings()

        return asyncio.run(scene())

    def pending(self, service: str = "support") -> list[int]:
        """Return what waits in the conversation."""
        view = asyncio.run(self.store.view(service, "c-1"))
        return [queued.sequence for queued in view.pending] if view else []


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
    assert asyncio.run(scene.store.dead("support", limit=9)) == (letter,)


def test_counting_is_not_worth_an_error() -> None:
    """A count is not a promise: a store that is away costs the count only."""
    scene = Scene()
    asyncio.run(scene.intake.tally("support", "mail:refused"))
    assert asyncio.run(scene.store.tallies("support")) == {"mail:refused": 1}
    away = Scene(Away())
    asyncio.run(away.intake.tally("support", "mail:refused"))
    assert asyncio.run(away.store.tallies("support")) == {}


def test_settling_rings_without_any_returns_at_once() -> None:
    """There is nothing to wait for."""
    scene = Scene()
    asyncio.run(scene.intake.settle_rings())
    assert scene.bell.rings == []
