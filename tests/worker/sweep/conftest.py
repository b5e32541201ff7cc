"""A place for sweeps: a store in memory, intake and deliveries, a clock that stands until it is moved."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from worker.commands import Command, Create, Update
from worker.drain.desk import Desk, Stopping
from worker.drain.lane import deliver
from worker.events import Event
from worker.gate_settings import RetrySettings
from worker.intake import Intake
from worker.interactions import Interaction
from worker.lanes import LaneView, Partition
from worker.operations import CreateInteraction, Operation, StopInteraction, UpdateInteraction
from worker.outcomes import Evidence, NotFound, Ok, Outcome, Snapshot
from worker.settings import Settings
from worker.store.limits import Limits
from worker.store.memory import MemoryStore
from worker.sweep.run import Sweeper

T = TypeVar("T")

#: A Monday at noon.
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Remote:
    """The API, as far as sweeps see it: what is open, in which state, with which user data."""

    def __init__(self) -> None:
        self.open: dict[str, dict[str, Any]] = {}
        self.states: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.stops: list[StopInteraction] = []
        #: Happens before a call of this kind is answered.
        self.before: Callable[[str, str], Awaitable[None]] | None = None

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:  # noqa: ARG002 - the port's signature
        """See `worker.ports.Api.send`."""
        name = (
            operation.external_id if isinstance(operation, CreateInteraction) else operation.reference.value
        )
        kind = type(operation).__name__.removesuffix("Interaction").lower()
        self.calls.append((kind, name))
        if self.before:
            await self.before(kind, name)
        if isinstance(operation, CreateInteraction):
            self.open[name] = dict(operation.user_data)
        elif name not in self.open:
            return NotFound(Evidence(404))
        elif isinstance(operation, UpdateInteraction):
            self.open[name].update(operation.changed)
        elif isinstance(operation, StopInteraction):
            self.stops.append(operation)
            del self.open[name]
        return Ok(Evidence(200), Snapshot(f"I-{name}", name, self.states.get(name), self.open.get(name, {})))

    def did(self, kind: str) -> list[str]:
        """Return the interactions for which a kind of call was made."""
        return [name for each, name in self.calls if each == kind]


class SilentDoorbell:
    """Rings nobody: the test delivers by itself."""

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:  # noqa: ARG002 - the port's signature
        """See `worker.ports.Doorbell.ring`."""
        return True


class Place:
    """One service with sweeps, its store, its API and its clock."""

    def __init__(self, sweep: dict[str, Any], channels: dict[str, dict[str, Any]]) -> None:
        self.now = NOW
        self.events: list[Event] = []
        self.remote = Remote()
        self.store = MemoryStore(Limits())
        service = {"base_url": "http://127.0.0.1:1", "api_key": "env:KEY", "sweep": {"idle_s": 3600, **sweep}}
        self.settings = Settings.model_validate(
            {
                "services": {"support": service},
                "channels": {
                    name: {"connector": "webhook", "service": "support", "sweep": rules}
                    for name, rules in channels.items()
                },
            }
        )
        self.intake = Intake(
            self.store,
            SilentDoorbell(),
            services=self.settings.services,
            clock=lambda: self.now,
            ids=lambda: uuid.uuid4().hex,
            listen=self.events.append,
        )
        self.desk = Desk(
            service="support",
            lanes=self.store,
            api=self.remote,
            clock=lambda: self.now,
            dice=lambda: 0.5,
            sleep=asyncio.sleep,
            ids=lambda: uuid.uuid4().hex,
            listen=self.events.append,
            stopping=Stopping(),
            retry=RetrySettings(),
            mark="bridge_",
            lease=timedelta(seconds=45),
            longest_call=timedelta(seconds=20),
        )

    @property
    def sweeper(self) -> Sweeper:
        """What is under test."""
        return Sweeper(
            self.store,
            self.intake,
            services=self.settings.services,
            channels=self.settings.channels,
            clock=lambda: self.now,
            ids=lambda: uuid.uuid4().hex,
            listen=self.events.append,
        )

    def does(self, work: Awaitable[T]) -> T:
        """Wait for something."""

        async def main() -> T:
            return await work

        return asyncio.run(main())

    def later(self, **span: float) -> None:
        """Move the clock."""
        self.now += timedelta(**span)

    def command(
        self,
        kind: type[Create] | type[Update],
        name: str,
        channel: str = "mail",
        **fields: Any,  # noqa: ANN401 - a command's fields
    ) -> Command:
        """Return a command with a key of its own."""
        common = {"service": "support", "external_id": name, "channel": channel, "received_at": self.now}
        return kind.model_validate({**common, "idempotency_key": f"{channel}:{uuid.uuid4().hex}", **fields})

    def opens(self, *names: str, channel: str = "mail", **user_data: Any) -> None:  # noqa: ANN401 - JSON of any shape
        """Open interactions now."""
        for name in names:
            self.does(self.intake.submit([self.command(Create, name, channel, user_data=user_data)]))
        self.delivers()

    def updates(self, name: str) -> None:
        """Update an interaction now, as far as its lane."""
        self.does(self.intake.submit([self.command(Update, name, changed={"n": "1"})]))

    def delivers(self) -> None:
        """Deliver whatever is due."""
        self.does(self.deliver())

    async def deliver(self) -> None:
        """Deliver whatever is due."""
        home = Partition("support", 0)
        while claims := await self.store.claim(
            home, limit=100, lease=self.desk.lease, token=uuid.uuid4().hex, now=self.now
        ):
            for claim in claims:
                await deliver(self.desk, claim)

    def view(self, name: str) -> LaneView:
        """Return what is known of a conversation."""
        view = self.does(self.store.view("support", name))
        assert view is not None
        return view

    def row(self, name: str) -> Interaction:
        """Return a ledger row."""
        return self.view(name).interaction

    def notes(self, name: str) -> list[str]:
        """Return what became of the commands of a conversation."""
        return [str(line.detail["note"]) for line in self.view(name).history if line.event == "applied"]

    def told(self, kind: type[T]) -> list[T]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def place() -> Callable[..., Place]:
    """Lay a place with these settings of `[services.support.sweep]`; `channels` have rules of their own."""

    def lay(*, channels: dict[str, dict[str, Any]] | None = None, **sweep: Any) -> Place:  # noqa: ANN401 - settings
        return Place(sweep, channels or {})

    return lay
