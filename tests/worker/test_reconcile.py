"""What the ledger holds open is looked up in turn, at a pace that takes a round, and believed with care."""

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.commands import Create, Update
from worker.drain.plan import plan
from worker.events import BreakerOpened, Event, ServiceHeld
from worker.gate_settings import RetrySettings
from worker.interactions import EndedBy, State
from worker.lanes import Entry, LaneView, Partition, Settlement
from worker.operations import ByExternalId, CreateInteraction, GetInteraction, Operation, Step
from worker.outcomes import (
    Evidence,
    Failed,
    NotFound,
    Ok,
    Outcome,
    Overloaded,
    Rejected,
    Snapshot,
    Unauthorized,
    Unknown,
)
from worker.reconcile import Bench, Found, quota, reconcile
from worker.store.gate import GateLimits
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.upkeep_events import InteractionDiffers, InteractionGone, ReconcileDoubted
from worker.upkeep_settings import ReconcileSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = Partition("support", 0)
LEASE = timedelta(seconds=45)
EVERY = timedelta(seconds=30)
#: A round so short that every run may check many.
POLICY = ReconcileSettings(round_s=60, rest_s=60, requests_per_s=100, ended_states=("Completed",))
SAID = Evidence(status=404, detail="no such interaction")
#: Opened at NOW; checked from here on.
LATER = timedelta(hours=2)


def there(state: str = "Queued", interaction_id: str = "I1") -> Ok:
    """Return the answer about an interaction that is there."""
    return Ok(Evidence(status=200), Snapshot(interaction_id=interaction_id, external_id="", state=state))


@dataclass
class Scene:
    """A ledger with open interactions and an API that answers by external id; time passes as it sleeps."""

    store: MemoryStore = field(default_factory=lambda: MemoryStore(LIMITS))
    answers: dict[str, Outcome] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    policy: ReconcileSettings = POLICY
    place: str = "https://api.example.com/nexus/v3"
    passed: float = 0.0
    stopping: bool = False
    #: Done while an answer is on its way.
    meanwhile: Callable[[], None] = lambda: None
    tokens: Iterator[int] = field(default_factory=count)

    @property
    def now(self) -> datetime:
        """Return the present."""
        return NOW + LATER + timedelta(seconds=self.passed)

    def open(self, *names: str) -> None:
        """Have interactions created at NOW, a second apart."""
        for place, name in enumerate(names):
            asyncio.run(self._open(name, NOW + timedelta(seconds=place)))

    async def _open(self, name: str, now: datetime) -> None:
        create = Create(
            service="support", external_id=name, idempotency_key=name, channel="mail", received_at=now
        )
        await self.store.append(create, receipt_id=name, now=now)
        (claim,) = await self.store.claim(HOME, limit=1, lease=LEASE, token=name, now=now)
        row = claim.interaction.opened(interaction_id="I1", channel="mail", at=now)
        done = Settlement(1, row, (Entry(at=now, event="applied", sequence=1),), calls=1, keep=False)
        await self.store.settle(claim, done, lease=LEASE, now=now)

    async def send(self, operation: Operation, *, trace_id: str) -> Outcome:
        """See `worker.ports.Api.send`."""
        assert isinstance(operation, GetInteraction)
        assert isinstance(operation.reference, ByExternalId)
        assert trace_id
        self.asked.append(operation.reference.value)
        self.passed += 0.01
        self.meanwhile()
        await asyncio.sleep(0)
        return self.answers.get(operation.reference.value, there())

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.passed += seconds

    def run(self, after_s: float = 0.0) -> Found:
        """Run one slot's checks, so many seconds after the last one."""
        self.passed += after_s
        bench = Bench(
            service="support",
            store=self.store,
            api=self,
            clock=lambda: self.now,
            ids=lambda: f"{next(self.tokens):032x}",
            listen=self.heard.append,
            sleep=self.sleep,
            time=lambda: self.passed,
            stopping=lambda: self.stopping,
            policy=self.policy,
            place=self.place,
            retry=RetrySettings(unauthorized_hold_s=30, retry_after_cap_s=900),
            every=EVERY,
            lease=LEASE,
        )
        return asyncio.run(reconcile(bench, HOME))

    def view(self, name: str) -> LaneView:
        """Return what is known of a conversation."""
        view = asyncio.run(self.store.view("support", name))
        assert view is not None
        return view

    def heard_of(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.heard if isinstance(event, kind)]


LIMITS = Limits({"support": ServiceLimits(gate=GateLimits(breaker_calls=4, breaker_window_ms=600_000))})


@pytest.fixture
def scene() -> Scene:
    """Nothing is open yet."""
    return Scene()


def test_each_is_looked_up_in_turn(scene: Scene) -> None:
    """The one active longest ago first; by its external id; and none again before it has rested."""
    scene.open("c-1", "c-2", "c-3", "c-4")
    found = scene.run()
    assert scene.asked == ["c-1", "c-2"], "half a round's time, half of what is open"
    assert (found.open, found.checked, found.gone) == (4, 2, 0)
    scene.run(after_s=6)
    assert scene.asked == ["c-1", "c-2", "c-3", "c-4"]


def test_what_is_gone_is_closed_as_ended_elsewhere(scene: Scene) -> None:
    """Once, with a line and an event; nothing is left to check."""
    scene.open("c-1", "c-2")
    scene.answers["c-1"] = NotFound(SAID)
    assert scene.run().gone == 1
    view = scene.view("c-1")
    assert (view.interaction.state, view.interaction.ended_by) == (State.ENDED, EndedBy.ELSEWHERE)
    line = view.history[-1]
    assert (line.event, line.detail) == ("gone", {"remote_id": "c-1", "answer": "no such interaction"})
    assert scene.heard_of(InteractionGone) == [InteractionGone("support", "c-1", "I1", known_at=NOW)]
    scene.run(after_s=600)
    assert scene.asked.count("c-1") == 1


def test_a_message_that_came_before_it_was_found_gone_is_not_taken_for_late(scene: Scene) -> None:
    """The tombstone bears the time at which it was last known to be there, so a follow-up is opened."""
    scene.open("c-1")
    scene.answers["c-1"] = NotFound(SAID)
    scene.run()
    scene.run(after_s=60)
    row = scene.view("c-1").interaction
    assert row.ended_at == NOW
    update = Update(
        service="support",
        external_id="c-1",
        idempotency_key="u",
        channel="mail",
        received_at=NOW + LATER - timedelta(minutes=1),
    )
    decision = plan(row, update, suspect=False, mark="bridge_")
    assert isinstance(decision, Step)
    assert isinstance(decision.operation, CreateInteraction)


def test_a_state_that_means_the_end_is_the_end(scene: Scene) -> None:
    """For an API that still shows what has ended; every other state is life."""
    scene.open("c-1", "c-2")
    scene.answers = {"c-1": there("Completed"), "c-2": there("Held")}
    scene.run()
    scene.run(after_s=30)
    assert scene.view("c-1").interaction.state is State.ENDED
    assert scene.view("c-1").history[-1].detail["state"] == "Completed"
    assert scene.view("c-2").interaction.state is State.OPEN


def test_what_differs_is_noted_once(scene: Scene) -> None:
    """The first look is not news; another state is, and so is another id, each for one line."""
    scene.open("c-1")
    looks = [
        there(),
        there(),
        there("Routing"),
        there("Routing"),
        there("Routing", "I2"),
        there("Routing", "I2"),
    ]
    for answer in looks:
        scene.answers["c-1"] = answer
        for _ in range(3):
            scene.run(after_s=30)
    lines = [line.detail for line in scene.view("c-1").history if line.event == "checked"]
    assert lines == [
        {"state": "Routing", "before": "Queued"},
        {"state": "Routing", "before": "Routing", "interaction_id": "I2"},
    ]
    assert len(scene.heard_of(InteractionDiffers)) == 2


def test_another_id_is_news_at_the_first_look(scene: Scene) -> None:
    """Somebody else's interaction bears our external id."""
    scene.open("c-1")
    scene.answers["c-1"] = there(interaction_id="I9")
    scene.run()
    scene.run(after_s=30)
    assert scene.heard_of(InteractionDiffers) == [InteractionDiffers("support", "c-1", "I9", "Queued")]


def test_what_happens_during_the_look_wins(scene: Scene) -> None:
    """An update arrives while the answer is on its way: nothing is closed, its delivery finds out."""
    scene.open("c-1")
    scene.answers["c-1"] = NotFound(SAID)
    update = Update(
        service="support", external_id="c-1", idempotency_key="u", channel="mail", received_at=NOW
    )
    background = []
    scene.meanwhile = lambda: background.append(
        asyncio.ensure_future(scene.store.append(update, receipt_id="u", now=scene.now))
    )
    found = scene.run()
    found = found if found.checked else scene.run(after_s=30)
    assert (found.checked, found.gone) == (1, 0)
    assert scene.view("c-1").interaction.state is State.OPEN


def test_an_api_that_is_away_gets_one_call_a_slot(scene: Scene) -> None:
    """Nothing is closed, the run ends, the next one tries another, and each has its turn again soon."""
    scene.policy = POLICY.model_copy(update={"rest_s": 3600})
    scene.open("c-1", "c-2", "c-3", "c-4")
    scene.answers = dict.fromkeys(("c-1", "c-2", "c-3", "c-4"), Failed(Evidence(detail="refused")))
    runs = [scene.run(after_s=30) for _ in range(2)]
    assert [(found.checked, found.unanswered) for found in runs] == [(0, 1), (0, 1)]
    assert scene.asked == ["c-1", "c-2"]
    scene.answers = {}
    for _ in range(15):
        scene.run(after_s=30)
    assert set(scene.asked[2:]) == {"c-1", "c-2", "c-3", "c-4"}
    assert all(scene.view(name).interaction.state is State.OPEN for name in ("c-1", "c-2", "c-3", "c-4"))


def test_one_that_never_answers_does_not_hold_up_the_others(scene: Scene) -> None:
    """It steps back; the round goes on."""
    scene.open(*(f"c-{number}" for number in range(1, 9)))
    scene.answers["c-1"] = Unknown(Evidence(detail="500"))
    for _ in range(4):
        scene.run(after_s=30)
    assert set(scene.asked) == {f"c-{number}" for number in range(1, 9)}


def test_failures_weigh_for_the_breaker(scene: Scene) -> None:
    """As any other call's do: here four of four open it, and then nothing is asked."""
    scene.open(*(f"c-{number}" for number in range(1, 9)))
    scene.answers = dict.fromkeys(
        [f"c-{number}" for number in range(1, 9)], Failed(Evidence(detail="refused"))
    )
    for _ in range(4):
        scene.run(after_s=30)
    assert len(scene.heard_of(BreakerOpened)) == 1
    asked = len(scene.asked)
    scene.run()
    assert len(scene.asked) == asked


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Unauthorized(Evidence(status=401)), 30),
        (Overloaded(Evidence(status=429), retry_after_s=120), 120),
        (Overloaded(Evidence(status=503), retry_after_s=99_999), 900),
    ],
)
def test_an_answer_that_concerns_all_holds_the_service(scene: Scene, answer: Outcome, seconds: float) -> None:
    """A key that is refused, and a request for time: as for live calls."""
    scene.open("c-1", "c-2")
    scene.answers = dict.fromkeys(("c-1", "c-2"), answer)
    scene.run(after_s=30)
    (held,) = scene.heard_of(ServiceHeld)
    assert isinstance(held, ServiceHeld)
    assert held.until == scene.now + timedelta(seconds=seconds)
    scene.run(after_s=1)
    assert len(scene.asked) == 1


def test_a_question_that_is_refused_is_not_asked_at_once_again(scene: Scene) -> None:
    """It counts as checked: it would get the same answer."""
    scene.open("c-1")
    scene.answers["c-1"] = Rejected(Evidence(status=400, detail="bad id"))
    found = [scene.run(after_s=30) for _ in range(2)]
    assert sum(each.checked for each in found) == 1
    assert scene.view("c-1").interaction.state is State.OPEN


@pytest.mark.parametrize("reason", ["paused", "stopping"])
def test_nothing_is_asked_where_nothing_may_be(scene: Scene, reason: str) -> None:
    """A paused service, and a process on its way out."""
    scene.open("c-1", "c-2")
    if reason == "paused":
        asyncio.run(scene.store.pause("support", reason="they move"))
    scene.stopping = reason == "stopping"
    scene.run(after_s=30)
    assert scene.asked == []


def test_live_work_comes_first_and_the_run_still_ends(scene: Scene) -> None:
    """While something has waited for long, checks ask again and again, until the slot is over."""
    scene.open("c-1", "c-2")
    create = Create(service="support", external_id="n", idempotency_key="n", channel="mail", received_at=NOW)
    asyncio.run(scene.store.append(create, receipt_id="n", now=NOW))
    scene.run(after_s=30)
    assert scene.asked == []
    assert scene.passed == pytest.approx(30 + 24, abs=0.5)  # 0.8 of a slot


def test_checks_are_spread_over_the_slot(scene: Scene) -> None:
    """No burst: twelve checks in 24 of 30 seconds."""
    scene.open(*(f"c-{number}" for number in range(24)))
    found = scene.run()
    assert found.checked == 12
    assert scene.passed == pytest.approx(24, abs=0.1)


@given(
    st.integers(min_value=0, max_value=2_000_000),
    st.floats(min_value=600, max_value=10 * 86_400),
    st.integers(min_value=1, max_value=300),
    st.integers(min_value=0, max_value=10**6),
)
def test_a_round_takes_its_time(open_count: int, round_s: float, every_s: int, begin: int) -> None:
    """The slots of a round add up to one check for each that is open, give or take one."""
    policy = policy_of(round_s=round_s, requests_per_s=1000)
    every = timedelta(seconds=every_s)
    slots = math.ceil(round_s / every_s)
    first = NOW + timedelta(seconds=begin)
    total = sum(
        quota(open_count, policy, every=every, now=first + place * every) for place in range(min(slots, 500))
    )
    share = min(slots, 500) * every_s / round_s
    most = min(open_count / round_s, 1000) * round_s * share
    assert abs(total - most) <= 1 + most * 1e-6


def test_the_pace_has_a_ceiling() -> None:
    """A million open and five a second: a round takes longer than it should, and the API is left in peace."""
    policy = ReconcileSettings()
    assert quota(1_000_000, policy, every=EVERY, now=NOW) == 150
    assert quota(86_400, policy, every=EVERY, now=NOW) == 30
    assert quota(0, policy, every=EVERY, now=NOW) == 0


def policy_of(**changes: float) -> ReconcileSettings:
    """Return the usual policy with changes."""
    return ReconcileSettings().model_copy(update=changes)


GONE = NotFound(SAID)
CAUTIOUS = POLICY.model_copy(update={"unproved_cap": 2, "proof_s": 600.0, "round_s": 600.0})


def lost(scene: Scene, *names: str) -> None:
    """Have the API answer 404 for these."""
    scene.answers |= dict.fromkeys(names, GONE)


def closed(scene: Scene) -> int:
    """Return how many were closed in the ledger."""
    return len(scene.heard_of(InteractionGone))


def test_a_wrong_address_closes_a_few_and_no_more(scene: Scene) -> None:
    """Where nothing of ours is ever seen, a person is told, once, and the ledger stays open."""
    names = [f"c-{number}" for number in range(12)]
    scene.policy = CAUTIOUS
    scene.open(*names)
    lost(scene, *names)
    for _ in range(19):
        scene.run(after_s=30)
    assert closed(scene) == 2
    (doubted,) = scene.heard_of(ReconcileDoubted)
    assert doubted == ReconcileDoubted("support", 2, doubted.reason)
    assert asyncio.run(scene.store.doubted("support")) is not None
    assert not scene.heard_of(BreakerOpened), "an answer is no failure"


def test_one_that_is_seen_is_proof_enough(scene: Scene) -> None:
    """The newest is looked up before a 404 is disbelieved, so a busy service is never in doubt."""
    names = [f"c-{number}" for number in range(12)]
    scene.policy = POLICY.model_copy(update={"unproved_cap": 0})
    scene.open(*names)
    lost(scene, *names[:-1])
    for _ in range(20):
        scene.run(after_s=30)
    assert closed(scene) == 11
    assert not scene.heard_of(ReconcileDoubted)


def test_a_proof_holds_for_its_time_and_its_address(scene: Scene) -> None:
    """What was seen an hour ago, or at another address, says nothing of this 404."""
    scene.policy = POLICY.model_copy(update={"unproved_cap": 0, "proof_s": 600.0})
    scene.open("c-1", "c-2", "c-3", "c-4")
    asyncio.run(scene.store.prove("support", scene.place, now=scene.now))
    lost(scene, "c-1", "c-2", "c-3", "c-4")
    scene.run()
    assert closed(scene) == 2
    right, scene.place = scene.place, "https://elsewhere.example.com"
    scene.run(after_s=30)
    assert closed(scene) == 2
    scene.place = right
    asyncio.run(scene.store.prove("support", scene.place, now=scene.now))
    scene.run(after_s=700)
    assert closed(scene) == 2, "the proof is too old"


def test_a_sign_of_life_ends_the_doubt(scene: Scene) -> None:
    """Once one is seen again, what is gone is closed as ever, and nobody has to do anything."""
    names = [f"c-{number}" for number in range(6)]
    scene.policy = CAUTIOUS
    scene.open(*names)
    lost(scene, *names)
    for _ in range(5):
        scene.run(after_s=60)
    assert closed(scene) == 2
    scene.answers[names[-1]] = there()
    scene.policy = POLICY.model_copy(update={"unproved_cap": 0})
    for _ in range(20):
        scene.run(after_s=60)
    assert closed(scene) == 5
    assert asyncio.run(scene.store.doubted("support")) is None
