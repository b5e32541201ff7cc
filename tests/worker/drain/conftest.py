"""A bench for deliveries: a store in memory, a scripted API, a clock that stands, dice that are fixed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from worker.commands import Command
from worker.drain.desk import Desk, Stopping
from worker.drain.lane import deliver
from worker.events import Event
from worker.gate_settings import RetrySettings
from worker.lanes import Claim, LaneView, Partition
from worker.notices import NoticeKind
from worker.operations import Operation
from worker.outcomes import Evidence, Ok, Outcome, Snapshot
from worker.store.limits import Limits
from worker.store.memory import MemoryStore

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)

#: What a call comes to: an outcome, an error of ours, or something that happens first and then an outcome.
Answer = Outcome | Exception | Callable[[Operation], Awaitable[Outcome]]


class StandingClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """See `worker.ports.Clock`."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


class ScriptedApi:
    """Gives the n-th call the n-th answer, and every further one a plain success."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.answers = deque(answers)
        self.operations: list[Operation] = []
        self.traces: list[str] = []

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """See `worker.ports.Api.send`."""
        self.operations.append(operation)
        self.traces.append(trace_id)
        answer = self.answers.popleft() if self.answers else Ok(Evidence(200), Snapshot("I1"))
        if callable(answer):
            return await answer(operation)
        if isinstance(answer, Exception):
            raise answer
        return answer


class ScriptedDoorbell:
    """Keeps what was rung; `answers` may hold something that happens at a ring."""

    def __init__(self) -> None:
        self.rings: list[tuple[Partition, int]] = []
        self.heard = asyncio.Event()

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """See `worker.ports.Doorbell.ring`."""
        self.rings.append((partition, hops))
        self.heard.set()
        return True


class Bench(SimpleNamespace):
    """Everything a delivery touches, and what a test wants to see of it."""

    def submit(self, *commands: Command) -> None:
        """Append the commands to their lanes."""

        async def append() -> None:
            for command in commands:
                await self.store.append(command, receipt_id=self.desk.ids(), now=self.clock())

        asyncio.run(append())

    def claims(self, *, limit: int = 100) -> tuple[Claim, ...]:
        """Claim what is due."""
        token, now = self.desk.ids(), self.clock()
        return asyncio.run(self.store.claim(HOME, limit=limit, lease=self.desk.lease, token=token, now=now))

    def claim(self) -> Claim:
        """Claim the one lane that is due."""
        (claim,) = self.claims()
        return claim

    def deliver(self, claim: Claim | None = None) -> None:
        """Deliver a claimed lane."""
        asyncio.run(deliver(self.desk, claim or self.claim()))

    def watching(self, kinds: Iterable[NoticeKind], written: list[Partition]) -> Desk:
        """Return the desk of a service to which somebody subscribed."""
        return replace(self.desk, watched=frozenset(kinds), written=written.append)

    def view(self, external_id: str = "c-1") -> LaneView:
        """Return what the store knows of a conversation."""
        view = asyncio.run(self.store.view("support", external_id))
        assert view is not None
        return view

    def told(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Lay a bench with these answers of the API, and with another store or other retries where asked."""

    def lay(
        *answers: Answer,
        store: MemoryStore | None = None,
        retry: RetrySettings | None = None,
        in_window: int = 32,
        merging: bool = True,
    ) -> Bench:
        store = store or MemoryStore(Limits(window=in_window))
        clock, api, events, stopping = StandingClock(), ScriptedApi(answers), [], Stopping()
        numbers = iter(range(1_000_000))

        async def sleep(seconds: float) -> None:
            clock.advance(seconds)

        desk = Desk(
            service="support",
            lanes=store,
            api=api,
            clock=clock,
            dice=lambda: 0.5,
            sleep=sleep,
            ids=lambda: f"id{next(numbers)}",
            listen=events.append,
            stopping=stopping,
            retry=retry or RetrySettings(base_s=2, cap_s=60, max_attempts=3),
            mark="bridge_",
            lease=timedelta(seconds=45),
            longest_call=timedelta(seconds=20),
            merging=merging,
        )
        return Bench(
            store=store,
            clock=clock,
            api=api,
            events=events,
            stopping=stopping,
            desk=desk,
            doorbell=ScriptedDoorbell(),
        )

    return lay
