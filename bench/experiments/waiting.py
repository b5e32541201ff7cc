"""Waiting: what share of the ideal is left when nothing costs CPU and only the store and the API take time.

The crew that workers run, on a loop whose time is virtual: the figures are the same on every machine, however
busy. `delivery` measures the same with everything real.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from bench import virtual
from bench.figure import Figure, Goal
from bench.samples import create
from bench.scale import FULL, Scale
from worker.drain.crew import Crew, Pace
from worker.drain.desk import Desk, Stopping
from worker.gate_settings import RetrySettings
from worker.interactions import Interaction
from worker.lanes import Claim, Held, Partition, Queued, Settlement
from worker.operations import Operation
from worker.outcomes import Evidence, Ok, Outcome, Snapshot
from worker.store.limits import Limits
from worker.store.memory import MemoryStore

_HOME: Final = Partition("service0", 0)
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_CALL_S: Final = 0.05
#: Answers come within ten percent of that, or they would all come home together for ever.
_SPREAD: Final = 0.1
#: Rounds of calls; the first and the last tenth are not looked at.
_WAVES: Final = 30
_AT_ONCE: Final = 128


class SlowStore(MemoryStore):
    """Takes so long for an exchange; who asks meanwhile shares the next one, as over the real connection.

    One new command waits in each of `count` lanes, and nobody takes a second look at what was settled.
    """

    def __init__(self, count: int, exchange_s: float) -> None:
        super().__init__(Limits())
        self._numbers = iter(range(count))
        self._exchange_s = exchange_s
        self._asked: list[asyncio.Future[None]] = []
        self._exchanging: asyncio.Task[None] | None = None

    async def claim(
        self,
        partition: Partition,
        *,
        limit: int,
        lease: timedelta,
        token: str,  # noqa: ARG002 - a port's names
        now: datetime,
        leaving: bool = False,  # noqa: ARG002 - a port's names
    ) -> tuple[Claim, ...]:
        """See `worker.ports.Lanes.claim`."""
        await self._exchange()
        return tuple(_claim(partition, number, now, now + lease) for number in islice(self._numbers, limit))

    async def settle(self, claim: Claim, settlement: Settlement, *, lease: timedelta, now: datetime) -> Held:  # noqa: ARG002 - a port's names
        """See `worker.ports.Lanes.settle`."""
        await self._exchange()
        return Held.EMPTY

    async def _exchange(self) -> None:
        answer = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        if self._exchanging is None or self._exchanging.done():
            self._exchanging = asyncio.create_task(self._answer())
        await answer

    async def _answer(self) -> None:
        while self._asked:
            batch, self._asked = self._asked[:_AT_ONCE], self._asked[_AT_ONCE:]
            await asyncio.sleep(self._exchange_s)
            for answer in batch:
                answer.set_result(None)


class SlowApi:
    """Answers after about `_CALL_S`, and remembers when."""

    def __init__(self) -> None:
        self.answered_s: list[float] = []
        self._dice = random.Random(8)  # noqa: S311 - jitter

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:  # noqa: ARG002 - a port's names
        """See `worker.ports.Api.send`."""
        await asyncio.sleep(_CALL_S * self._dice.uniform(1 - _SPREAD, 1 + _SPREAD))
        self.answered_s.append(_now_s())
        return Ok(Evidence(200), Snapshot("I"))


class NoBell:
    """Nobody needs to be rung."""

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:  # noqa: ARG002 - a port's names
        """See `worker.ports.Doorbell.ring`."""
        return True


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of waiting: one round, for each would be the same, and in a quick look the first."""
    widths = (64, 256) if scale == FULL else (64,)
    return [
        Figure(
            f"{in_flight} in flight, API at 50 ms, {exchange_ms} ms for an exchange with Redis, no CPU",
            "/s",
            (rate(in_flight, exchange_ms / 1000),),
            "ideal",
            (in_flight / _CALL_S,),
            goal,
        )
        for in_flight in widths
        for exchange_ms, goal in ((1, Goal(0.95)), (4, Goal(0.95)), (12, Goal(0.7)), (30, None))
    ]


def rate(in_flight: int, exchange_s: float, *, waves: int = _WAVES) -> float:
    """Return the calls a second of one crew, in virtual time."""
    return virtual.run(_rate(in_flight, exchange_s, in_flight * waves))


async def _rate(in_flight: int, exchange_s: float, count: int) -> float:
    store, api = SlowStore(count, exchange_s), SlowApi()
    await Crew(_desk(store, api), NoBell(), Pace(in_flight, 1e6, 0.5, 0.01)).drain(_HOME)
    first, last = count // 10, count - count // 10
    return (last - first) / (api.answered_s[last] - api.answered_s[first])


def _desk(store: MemoryStore, api: SlowApi) -> Desk:
    clock: Callable[[], datetime] = lambda: _BEGAN + timedelta(seconds=_now_s())  # noqa: E731 - a clock
    numbers = iter(range(10**9))
    return Desk(
        service=_HOME.service,
        lanes=store,
        api=api,
        clock=clock,
        dice=random.Random(8).random,  # noqa: S311 - jitter
        sleep=asyncio.sleep,
        ids=lambda: f"t{next(numbers)}",
        listen=lambda _event: None,
        stopping=Stopping(),
        retry=RetrySettings(),
        lease=timedelta(seconds=45),
        longest_call=timedelta(seconds=20),
        mark="bridge_",
    )


def _claim(partition: Partition, number: int, now: datetime, lease_until: datetime) -> Claim:
    command = create(number)
    row = Interaction(service=partition.service, external_id=command.external_id)
    queued = Queued(1, f"r{number}", now, command)
    return Claim(partition, row.external_id, 1, 1, False, row, (queued,), lease_until)  # noqa: FBT003 - not suspect


def _now_s() -> float:
    return asyncio.get_running_loop().time()
