"""Sweeps among everything else: updates at the same instant, an outage, a faster agent, a whole month."""

import asyncio
import os
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.stories.conftest import Stack
from worker.commands import Command, Create, Stop, Update
from worker.drain.crew import Crew, Pace
from worker.drain.desk import Desk, Stopping
from worker.events import Event
from worker.gate_settings import RetrySettings
from worker.intake import Intake
from worker.interactions import EndedBy, State
from worker.lanes import Partition
from worker.operations import CreateInteraction, Operation, StopInteraction
from worker.outcomes import Evidence, NotFound, Ok, Outcome, Snapshot
from worker.settings import Settings
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.sweep.run import Sweeper

pytestmark = pytest.mark.story

HOME = Partition("support", 0)
START = datetime(2026, 10, 1, tzinfo=UTC)
#: A full run has 100,000 interactions in its month; `make test` has what fits into seconds.
MONTH = int(os.environ.get("BRIDGE_STORY_INTERACTIONS", "4000"))
ROUNDS = 1000
AT_ONCE = 25


def settings(**sweep: Any) -> Settings:  # noqa: ANN401 - settings of any type
    """Return the settings of one swept service."""
    generous = {"cap_per_run": 100_000, "cap_per_hour": 1_000_000, "cap_share": 1.0}
    service = {
        "base_url": "http://127.0.0.1:1",
        "api_key": "env:KEY",
        "sweep": {"idle_s": 3600, **generous, **sweep},
    }
    return Settings.model_validate({"services": {"support": service}})


class Remote:
    """The API in memory; it notes when each interaction was stopped."""

    def __init__(self, clock: Callable[[], datetime], *, delay_s: Callable[[], float] | None = None) -> None:
        self.clock = clock
        self.delay_s = delay_s
        self.open: set[str] = set()
        self.stops: defaultdict[str, list[datetime]] = defaultdict(list)

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:  # noqa: ARG002 - the port's signature
        """See `worker.ports.Api.send`."""
        if isinstance(operation, StopInteraction):
            self.stops[operation.reference.value].append(self.clock())
        if self.delay_s:
            await asyncio.sleep(self.delay_s())
        if isinstance(operation, CreateInteraction):
            self.open.add(operation.external_id or "")
            return Ok(Evidence(200), Snapshot("I1"))
        if operation.reference.value not in self.open:
            return NotFound(Evidence(404))
        if isinstance(operation, StopInteraction):
            self.open.discard(operation.reference.value)
        return Ok(Evidence(200), Snapshot("I1"))


class Silent:
    """A doorbell nobody hears: the story drains by itself."""

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:  # noqa: ARG002 - the port's signature
        """See `worker.ports.Doorbell.ring`."""
        return True


def unheard(_: Event) -> None:
    """Hear nothing."""


class House:
    """One process's share: its own connections to the store, its door, its sweeps and its crew."""

    def __init__(self, url: str, settings: Settings, remote: Remote, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.store = RedisStore.open(url, Limits.of(settings), timeout_s=10)
        common = {"clock": clock, "ids": lambda: uuid.uuid4().hex, "listen": unheard}
        self.intake = Intake(self.store, Silent(), services=settings.services, **common)
        self.sweeper = Sweeper(
            self.store, self.intake, services=settings.services, channels=settings.channels, **common
        )
        desk = Desk(
            service="support",
            lanes=self.store,
            api=remote,
            dice=random.random,
            sleep=asyncio.sleep,
            stopping=Stopping(),
            retry=RetrySettings(),
            mark="bridge_",
            lease=timedelta(seconds=45),
            longest_call=timedelta(seconds=20),
            **common,
        )
        self.crew = Crew(desk, Silent(), Pace(in_flight=128, slice_s=60, linger_s=0.0, poll_s=0.001))

    async def drain(self) -> None:
        """Deliver until nothing is due."""
        while (await self.store.backlog(HOME, now=self.clock())).due:
            await self.crew.drain(HOME)


@asynccontextmanager
async def houses(
    count: int, url: str, settings: Settings, remote: Remote, clock: Callable[[], datetime]
) -> AsyncIterator[list[House]]:
    """Open so many, and close their connections."""
    opened = [House(url, settings, remote, clock) for _ in range(count)]
    try:
        yield opened
    finally:
        for house in opened:
            await house.store.aclose()


def command(kind: type[Command], name: str, at: datetime, **fields: Any) -> Command:  # noqa: ANN401 - a command's fields
    """Return a command with a key of its own."""
    return kind(
        service="support",
        external_id=name,
        idempotency_key=f"story:{uuid.uuid4().hex}",
        channel="story",
        received_at=at,
        **fields,
    )


# --- the race ----------------------------------------------------------------------------------------------


class Watch:
    """What Redis did, in its own order: the only clock on which several processes agree."""

    def __init__(self) -> None:
        #: For each conversation, what was done to its lane: `stop`, `update`, `confirm`.
        self.order: defaultdict[str, list[str]] = defaultdict(list)

    async def listen(self, redis: "Redis") -> None:
        """Read along until cancelled."""
        async with redis.monitor() as monitor:
            async for seen in monitor.listen():
                text = seen["command"]
                if not text.upper().startswith("EVALSHA") or "lane:" not in text:
                    continue
                name = text.split("lane:")[1].split()[0].strip('"')
                if ":unswept" in text:
                    self.order[name].append("confirm")
                elif ":seen:" in text:
                    self.order[name].append("stop" if ":seen:sweep:" in text else "update")


def test_an_update_and_a_sweep_at_the_same_instant(redis_url: str) -> None:
    """In 1,000 rounds a stop is never sent once a newer update was accepted, whoever of several is faster.

    Two sweeps, a door and two workers with connections of their own; the order is the one Redis saw.
    """
    outcomes, dice = Counter[str](), random.Random(5)  # noqa: S311 - dice for a test

    async def main() -> None:
        now = START
        remote = Remote(lambda: now, delay_s=lambda: dice.random() * 0.004)
        async with houses(3, redis_url, settings(), remote, lambda: now) as (door, first, second):
            watch, redis = Watch(), Redis.from_url(redis_url)
            watching = asyncio.create_task(watch.listen(redis))
            spread_s = 0.12
            for batch in range(ROUNDS // AT_ONCE):
                names = [f"r-{batch:03}-{number:02}" for number in range(AT_ONCE)]
                now += timedelta(hours=3)
                await door.intake.submit([command(Create, name, now) for name in names])
                await first.drain()
                now += timedelta(hours=2)
                watch.order.clear()
                remote.stops.clear()
                await asyncio.gather(
                    *(_update_soon(door, name, now, dice.random() * spread_s) for name in names),
                    _sweep_and_drain(first),
                    _sweep_and_drain(second),
                )
                await first.drain()
                await asyncio.sleep(0.01)
                stopped = outcomes["stopped"]
                for name in names:
                    outcomes[_judge(name, watch.order[name], remote)] += 1
                    view = await door.store.view("support", name)
                    assert view is not None
                    assert view.pending == ()
                    # whatever happened, the update has arrived: here, or in a follow-up
                    assert view.interaction.state is State.OPEN
                    assert view.interaction.remote_id in remote.open
                # the race is close on any machine: whoever wins too often meets the others earlier, or later
                spread_s *= 1.25 if outcomes["stopped"] - stopped < AT_ONCE / 2 else 0.8
                await door.intake.submit([command(Stop, name, now) for name in names])
                await first.drain()
            watching.cancel()
            await asyncio.wait([watching])
            await redis.aclose()

    asyncio.run(main())
    assert sum(outcomes.values()) == ROUNDS
    assert min(outcomes["stopped"], outcomes["left"]) > ROUNDS // 50, "a race has two ends"


async def _update_soon(door: House, name: str, now: datetime, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    await door.intake.submit([command(Update, name, now, changed={"n": "1"})])


async def _sweep_and_drain(house: House) -> None:
    await house.sweeper.sweep("support")
    await house.drain()


def _judge(name: str, order: list[str], remote: Remote) -> str:
    stops = len(remote.stops[name])
    assert stops <= 1
    if not stops:
        return "left"
    # the look that let the stop go out came before the update stood in the lane
    assert "confirm" in order[: order.index("update")], order
    return "stopped"


# --- with the sandbox --------------------------------------------------------------------------------------


class Here:
    """A bridge of the stack in this process, on a clock of the story's."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.now = START
        written = stack.config.read_text()
        stack.config.write_text(
            written
            + "\n[services.support.sweep]\nidle_s = 3600\ncap_share = 1.0\nreason_system_name = 'stale'\n"
        )

    def does(self, *work: str | list[Command]) -> None:
        """Submit commands, `sweep`, `drain`: in this order, by one process."""

        async def main(bridge: Any) -> None:  # noqa: ANN401 - worker.wiring.Bridge with another clock
            bridge.clock = lambda: self.now
            for each in work:
                if each == "sweep":
                    await bridge.sweeper.sweep("support")
                elif each == "drain":
                    await bridge.crews["support"].drain(HOME)
                else:
                    await bridge.intake.submit(each)

        self.stack.with_bridge(main)

    def calls(self, operation: str) -> Counter[str]:
        """Count the calls of a kind that changed something."""
        return Counter(each["externalId"] for each in self.stack.effects() if each["operation"] == operation)


@pytest.fixture
def here(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Here:
    """The stack, with sweeps."""
    monkeypatch.setenv("STORY_KEY", stack.environment["STORY_KEY"])
    return Here(stack)


def creates(names: Iterable[str], at: datetime) -> list[Command]:
    """Return a create for each."""
    return [command(Create, name, at) for name in names]


def test_an_update_overtakes_a_stop_that_waits_and_an_agent_may_be_faster(here: Here) -> None:
    """Of three stale ones one gets an update, one an agent finishes, one is stopped; all of it is noted."""
    here.does(creates(["moves", "finished", "stale"], here.now), "drain")
    here.now += timedelta(hours=2)
    here.does("sweep", [command(Update, "moves", here.now, changed={"n": "1"})])
    (found,) = here.stack.sandbox("GET", "interactions?service=support&externalId=finished")
    here.stack.sandbox("POST", f"interactions/{found['id']}/finish")
    here.does("drain")
    assert here.calls("stop") == {"stale": 1}
    assert here.calls("update") == {"moves": 1}
    rows = {name: here.stack.view(name) for name in ("moves", "finished", "stale")}
    assert {name: view.interaction.ended_by for name, view in rows.items() if view} == {
        "moves": None,
        "finished": EndedBy.ELSEWHERE,
        "stale": EndedBy.SWEEP,
    }
    notes = {name: view.history[-1].detail["note"] for name, view in rows.items() if view}
    assert notes == {"moves": "updated", "finished": "already gone", "stale": "stopped"}


def test_sweeps_during_an_outage_pile_nothing_up(here: Here) -> None:
    """One stop waits in each lane however often it is swept; when the API is back, each is stopped once."""
    names = [f"c-{number}" for number in range(8)]
    here.does(creates(names, here.now), "drain")
    here.stack.sandbox("PUT", "faults", [{"kind": "status", "status": 503}])
    here.now += timedelta(hours=2)
    for _ in range(5):
        here.does("sweep", "drain")
        here.now += timedelta(minutes=10)
    assert [len(view.pending) for name in names if (view := here.stack.view(name))] == [1] * 8
    here.stack.sandbox("DELETE", "faults")
    while any(view.pending for name in names if (view := here.stack.view(name))):
        here.now += timedelta(minutes=10)
        here.does("drain")
    assert here.calls("stop") == dict.fromkeys(names, 1)


# --- a month -----------------------------------------------------------------------------------------------


class Month:
    """Interactions over thirty days, each with a life of its own."""

    DAYS = 30
    IDLE = timedelta(days=3)

    def __init__(self, count: int, dice: random.Random) -> None:
        #: hour → what is submitted in it
        self.hours: defaultdict[int, list[tuple[type[Command], str]]] = defaultdict(list)
        #: conversation → the hour of its last activity
        self.last: dict[str, int] = {}
        #: Conversations whose sender says that they are over.
        self.over: set[str] = set()
        for number in range(count):
            self._live(f"c-{number:06}", dice)

    def _live(self, name: str, dice: random.Random) -> None:
        hour = dice.randrange(self.DAYS * 24)
        self.hours[hour].append((Create, name))
        # pauses up to just under three days: active all the time
        while dice.random() < 0.35 and hour + 70 < self.DAYS * 24:
            hour += dice.randint(1, 70)
            self.hours[hour].append((Update, name))
        self.last[name] = hour
        if dice.random() < 0.3 and hour + 70 < self.DAYS * 24:
            self.hours[hour + dice.randint(1, 70)].append((Stop, name))
            self.over.add(name)


def test_a_month_of_sweeps_stops_each_stale_one_once_and_no_other(redis_url: str) -> None:
    """Whoever was idle for three days is stopped, once, within a turn; whoever was active never is.

    In between the clock goes back and forth for an hour, as on the days on which clocks change.
    """
    month = Month(MONTH, random.Random(6))  # noqa: S311 - dice for a test
    # into the next turn, and back into the one before
    steps = {203: 1, 504: -1}
    now = START

    async def main() -> Remote:
        nonlocal now
        remote = Remote(lambda: now)
        rules = settings(idle_s=Month.IDLE.total_seconds(), every_s=6 * 3600)
        async with houses(1, redis_url, rules, remote, lambda: now) as (house,):
            for hour in range(Month.DAYS * 24):
                now = START + timedelta(hours=hour)
                due = month.hours[hour]
                for some in (due[first : first + 500] for first in range(0, len(due), 500)):
                    await house.intake.submit([command(kind, name, now) for kind, name in some])
                await house.drain()
                if hour % 6 == 0:
                    await _turn(house)
                if hour in steps:
                    now += timedelta(hours=steps[hour])
                    await _turn(house)
        return remote

    remote = asyncio.run(main())
    end = Month.DAYS * 24 - 6
    swept = {name for name in month.last if name not in month.over}
    stale = {name for name in swept if month.last[name] + 72 <= end}
    by_sweeps = {name: times for name, times in remote.stops.items() if name not in month.over}
    assert set(by_sweeps) == stale
    assert {len(times) for times in remote.stops.values()} == {1}
    for name, (at,) in by_sweeps.items():
        idle = at - (START + timedelta(hours=month.last[name]))
        assert Month.IDLE <= idle <= Month.IDLE + timedelta(hours=7), name


async def _turn(house: House) -> None:
    await house.sweeper.take_turns()
    await house.drain()
