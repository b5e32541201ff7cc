"""The delivery rules under load: revoked keys, lost answers, outages, pauses, a dead neighbour."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest

from tests.stories.conftest import Stack, create, wait_until
from worker.commands import Create
from worker.drain.desk import Desk, Stopping
from worker.drain.lane import deliver
from worker.events import CommandBuried, Event
from worker.gate_settings import RetrySettings
from worker.lanes import Backlog, Partition
from worker.operations import Operation
from worker.outcomes import Evidence, Ok, Outcome, Overloaded
from worker.pace import Counted, Span
from worker.store.gate import GateLimits
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore

pytestmark = pytest.mark.story

#: Lanes a worker of the stack works on at once.
IN_FLIGHT = 32
#: How long the stack's services wait after a refused key.
HOLD_S = 0.5

BILLING = """
[services.billing]
base_url = "http://127.0.0.1:{port}/nexus/v3"
api_key = "env:STORY_KEY"
call_timeout_s = 1.4
retry = {{ base_s = 0.05, cap_s = 0.5 }}
"""


def calls(stack: Stack, service: str = "support") -> list[Mapping[str, Any]]:
    """Return every call made to a service, in order."""
    found: list[Mapping[str, Any]] = stack.sandbox("GET", f"audit?service={service}")
    return found


def created(stack: Stack, service: str = "support") -> Counter[str]:
    """Count the interactions that were really created for each external id."""
    return Counter(
        entry["externalId"]
        for entry in calls(stack, service)
        if entry["operation"] == "create" and entry["effect"]
    )


def backlog(stack: Stack, service: str = "support") -> Backlog:
    """Return what waits for a service."""
    home = Partition(service, 0)
    return stack.with_bridge(lambda bridge: bridge.store.backlog(home, now=bridge.clock()))


def named(prefix: str, number: int) -> list[str]:
    """Return so many external ids."""
    return [f"{prefix}-{each}" for each in range(number)]


def for_billing(names: list[str]) -> list[Create]:
    """Return creates for the second service."""
    return [create(name).model_copy(update={"service": "billing"}) for name in names]


def test_a_key_revoked_under_load_and_given_back_costs_nothing(stack: Stack) -> None:
    """The service is held and tried by single calls; nothing is buried; with the key back all arrive once."""
    stack.sandbox("PUT", "faults", [{"latency_ms": 100}])
    names = named("c", 200)
    stack.start_worker()
    stack.start_beat()
    stack.submit([create(name) for name in names])
    wait_until(lambda: len(created(stack)) >= 40, reason="creates to flow")
    stack.sandbox("PUT", "faults", [{"kind": "status", "status": 401}])

    def refused() -> list[Mapping[str, Any]]:
        return [entry for entry in calls(stack) if entry["status"] == 401]

    def probes() -> int:
        """Calls of what was under way came together; after that each comes a hold after the one before."""
        times = [datetime.fromisoformat(entry["at"]) for entry in refused()]
        return sum((after - before).total_seconds() > HOLD_S for before, after in pairwise(times))

    wait_until(lambda: backlog(stack).held_because.startswith("401"), reason="the service to be held")
    wait_until(lambda: probes() >= 3, reason="the held service to be tried some times")
    assert backlog(stack).dead == 0
    stack.sandbox("DELETE", "faults")
    wait_until(stack.idle, reason="delivery to resume")
    assert created(stack) == Counter(names)
    assert backlog(stack).dead == 0
    assert len(refused()) - probes() <= 2 * IN_FLIGHT


def test_a_thousand_lost_answers_make_a_thousand_interactions(stack: Stack) -> None:
    """Every create takes effect and its answer is lost: each is read back and adopted, never repeated.

    With the breaker as it comes: a lost answer whose effect is found is no sign of a service that is down.
    """
    stack.sandbox("PUT", "faults", [{"operation": "create", "kind": "reset_after_commit"}])
    as_it_comes = stack.config.read_text().replace("gate = { breaker = { open_s = 0.2 } }\n", "")
    assert "breaker" not in as_it_comes
    stack.config.write_text(as_it_comes)
    names = named("c", 1000)
    stack.start_worker()
    stack.start_beat()
    stack.submit([create(name) for name in names])
    wait_until(stack.idle, reason="every create to be settled")
    assert created(stack) == Counter(names)
    looked_at = {entry["externalId"] for entry in calls(stack) if entry["operation"] == "get"}
    assert looked_at == set(names)
    assert len(calls(stack)) == 2 * len(names), "one create and one look for each"
    assert (backlog(stack).dead, backlog(stack).held_because) == (0, "")
    pace = stack.with_bridge(lambda bridge: bridge.store.pace("support"))
    now = datetime.now(UTC)
    counts = {what: sum(pace.series(what, Span.MINUTE, 15, now)) for what in Counted}
    assert counts == {Counted.ACCEPTED: 1000, Counted.DELIVERED: 1000, Counted.FAILED: 0, Counted.DEAD: 0}


def test_a_paused_service_is_left_alone_until_it_is_resumed(stack: Stack) -> None:
    """Paused under load: not one call more, while the worker serves another service; resumed, all arrive."""
    stack.config.write_text(stack.config.read_text() + BILLING.format(port=stack.sandbox_port))
    stack.sandbox("PUT", "faults", [{"service": "support", "latency_ms": 50}])
    names = named("c", 400)
    stack.start_worker()
    stack.start_beat()
    stack.submit([create(name) for name in names])
    wait_until(lambda: len(created(stack)) >= 30, reason="creates to flow")
    stack.with_bridge(lambda bridge: bridge.store.pause("support", reason="maintenance"))

    def at_rest() -> bool:
        view = backlog(stack)
        return view.due == view.lanes

    wait_until(at_rest, reason="the calls under way to come home")
    before = len(calls(stack))
    assert before < len(names), "paused in the middle of it"
    others = named("b", 60)
    for some in (others[:20], others[20:40], others[40:]):
        stack.submit([*for_billing(some), *(create(f"late-{name}") for name in some)])
        wait_until(lambda: backlog(stack, "billing").lanes == 0, reason="the other service")
    assert len(calls(stack)) == before, "the worker worked, and left the paused service alone"
    assert backlog(stack).paused == "maintenance"

    stack.with_bridge(lambda bridge: bridge.store.resume("support"))
    wait_until(stack.idle, reason="everything that waited")
    assert created(stack) == Counter([*names, *(f"late-{name}" for name in others)])
    assert created(stack, "billing") == Counter(others)


def test_a_dead_service_does_not_hold_up_a_healthy_one(stack: Stack) -> None:
    """One port refuses: the neighbour's commands all arrive, while the dead one's wait, unburied."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        stack.config.write_text(stack.config.read_text() + BILLING.format(port=free.getsockname()[1]))
        stack.start_worker()
        stack.start_beat()
        names, dead = named("c", 200), named("d", 200)
        stack.submit(
            [each for pair in zip(for_billing(dead), map(create, names), strict=True) for each in pair]
        )
        wait_until(lambda: len(created(stack)) == len(names), reason="the healthy service")
        assert created(stack) == Counter(names)
        waiting = backlog(stack, "billing")
        assert (waiting.lanes, waiting.dead) == (len(dead), 0)


# An outage on a clock of our own: half an hour passes in a second.

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)
LEASE = timedelta(seconds=45)
OUTAGE = timedelta(minutes=30)


class Away:
    """An API that is overloaded until a time, and counts what it is asked meanwhile."""

    def __init__(self, crowd: "Crowd", *, retry_after_s: float | None) -> None:
        self._crowd = crowd
        self._retry_after_s = retry_after_s
        self.asked: list[datetime] = []

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """Answer 503 during the outage, and 200 after it."""
        del operation, trace_id
        if self._crowd.now < START + OUTAGE:
            self.asked.append(self._crowd.now)
            return Overloaded(Evidence(503, "down"), self._retry_after_s)
        return Ok(Evidence(200))


class Crowd:
    """Many lanes of one service, delivered as a crew would, with nobody waiting in real time."""

    def __init__(self, *, retry_after_s: float | None) -> None:
        self.now = START
        self.api = Away(self, retry_after_s=retry_after_s)
        self.buried: list[Event] = []
        self._ids: Iterator[int] = count()
        breaker = GateLimits(breaker_calls=20, breaker_window_ms=30_000, breaker_open_ms=15_000)
        self.store = MemoryStore(Limits(services={"support": ServiceLimits(gate=breaker)}))
        self._desk = Desk(
            service="support",
            lanes=self.store,
            api=self.api,
            clock=lambda: self.now,
            dice=lambda: 0.5,
            sleep=asyncio.sleep,
            ids=lambda: f"id-{next(self._ids)}",
            listen=self._hear,
            stopping=Stopping(),
            retry=RetrySettings(),
            mark="bridge_",
            lease=LEASE,
            longest_call=timedelta(seconds=20),
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, CommandBuried):
            self.buried.append(event)

    async def submit(self, number: int) -> None:
        """Submit so many creates."""
        for name in named("c", number):
            await self.store.append(create(name), receipt_id=f"r-{name}", now=self.now)

    async def deliver_all(self) -> None:
        """Deliver until nothing waits: what can be claimed at once, then a second later."""
        while (await self.store.backlog(HOME, now=self.now)).lanes:
            claims = await self.store.claim(HOME, limit=64, lease=LEASE, token=self._desk.ids(), now=self.now)
            await asyncio.gather(*(deliver(self._desk, claim) for claim in claims))
            if not claims:
                self.now += timedelta(seconds=1)
            assert self.now < START + 2 * OUTAGE, "it comes to an end soon after the outage"


@pytest.mark.parametrize(
    ("retry_after_s", "probes"),
    [
        (60.0, 30),  # 1800 s / 60 s
        (7200.0, 2),  # capped: 1800 s / 900 s
        (None, 120),  # the breaker: 1800 s / 15 s
    ],
)
def test_half_an_hour_of_503_buries_nothing_and_asks_little(retry_after_s: float | None, probes: int) -> None:
    """The gate lets single probes through; after the outage all is delivered, and soon."""

    async def main() -> Crowd:
        crowd = Crowd(retry_after_s=retry_after_s)
        await crowd.submit(300)
        await crowd.deliver_all()
        return crowd

    crowd = asyncio.run(main())
    assert crowd.buried == []
    assert len(crowd.api.asked) <= 64 + probes, "one crew's first calls, then one for each probe"
    later = [moment for moment in crowd.api.asked if moment > START]
    assert len(set(later)) == len(later), "never two at a time"
    assert len(later) >= probes - 1, "and it was tried again and again"
