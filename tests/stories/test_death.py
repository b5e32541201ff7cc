"""Whatever dies, nothing is lost, nothing is doubled, and order is kept: over real processes."""

import signal
from collections import Counter, defaultdict

import pytest
import redis

from tests.stories.conftest import Stack, create, stop, update, wait_until

pytestmark = pytest.mark.story


def creates_by_id(stack: Stack) -> Counter[str]:
    """Count the interactions that were really created for each external id."""
    return Counter(entry["externalId"] for entry in stack.effects() if entry["operation"] == "create")


def steps_by_id(stack: Stack) -> dict[str, list[int]]:
    """Return the sequence of Step values that updates set, for each external id, repetitions folded."""
    steps: defaultdict[str, list[int]] = defaultdict(list)
    for entry in stack.effects():
        if entry["operation"] == "update":
            step = entry["request"]["data"]["changedProperties"]["Step"]
            if steps[entry["externalId"]][-1:] != [step]:
                steps[entry["externalId"]].append(step)
    return steps


def test_a_worker_killed_in_mid_call_is_succeeded_without_a_second_interaction(stack: Stack) -> None:
    """Killed with SIGKILL while calls are under way: all arrive once, in order, through another worker."""
    stack.sandbox("PUT", "faults", [{"service": "*", "operation": "*", "latency_ms": 200}])
    names = [f"c-{number}" for number in range(100)]
    worker = stack.start_worker()
    stack.submit([create(name) for name in names])
    stack.submit([update(name, number) for number in (1, 2) for name in names])
    wait_until(lambda: len(creates_by_id(stack)) >= 10, reason="the first creates")
    stack.end(worker, signal.SIGKILL)
    assert not stack.idle(), "the worker was killed with work before it"
    stack.sandbox("DELETE", "faults")

    stack.start_worker()
    stack.start_beat()
    wait_until(stack.idle, reason="the second worker to finish everything")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2] for name in names}


def test_an_answer_lost_after_the_effect_makes_no_second_interaction(stack: Stack) -> None:
    """Every create takes effect and its answer is lost: read back, adopted, never repeated."""
    fault = {"service": "support", "operation": "create", "kind": "reset_after_commit"}
    stack.sandbox("PUT", "faults", [fault])
    names = [f"c-{number}" for number in range(50)]
    stack.start_worker()
    stack.start_beat()
    stack.submit([create(name) for name in names])
    wait_until(stack.idle, reason="every create to be settled")
    assert creates_by_id(stack) == Counter(names)
    view = stack.view("c-7")
    assert view is not None
    assert view.history[-1].detail["note"] == "adopted"


def test_a_killed_store_comes_back_with_everything(stack: Stack) -> None:
    """Redis killed and restarted under load: every accepted command is delivered, once and in order."""
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(60)]
    stack.submit([create(name) for name in names])
    stack.redis.kill()
    stack.redis.start()
    stack.submit([update(name, number) for number in (1, 2, 3) for name in names])
    stack.submit([stop(name) for name in names])
    wait_until(stack.idle, reason="everything to be delivered after the restart")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2, 3] for name in names}
    ends = Counter(entry["externalId"] for entry in stack.effects() if entry["operation"] == "stop")
    assert ends == Counter(names)


def test_a_wiped_broker_costs_only_a_tick(stack: Stack) -> None:
    """The broker's database emptied before a ring was heard: the tick rings again and all arrives."""
    stack.submit([create(f"c-{number}") for number in range(20)])
    with redis.Redis.from_url(stack.redis.url(1)) as broker:
        assert broker.llen("bridge-broker:bridge.drain"), "there is a ring to lose"
        broker.flushdb()
    stack.start_worker()
    stack.start_beat()
    wait_until(stack.idle, reason="everything to be delivered without its ring")
    with redis.Redis.from_url(stack.redis.url(1)) as broker:
        broker.flushdb()
    stack.submit([create(f"d-{number}") for number in range(20)])
    wait_until(stack.idle, reason="rings and ticks to go on over the emptied broker")
    assert len(creates_by_id(stack)) == 40


def test_an_api_that_was_away_is_caught_up_with_by_itself(stack: Stack) -> None:
    """The API refuses connections: lanes wait; it comes back: they are delivered without help."""
    stack.end(stack.processes[0])
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(10)]
    stack.submit([create(name) for name in names])
    stack.submit([update(name, 1) for name in names])

    def deferred() -> bool:
        view = stack.view("c-3")
        return view is not None and any(line.event == "deferred" for line in view.history)

    wait_until(deferred, reason="a first try against nobody")
    stack.start_sandbox()
    wait_until(stack.idle, reason="delivery to resume")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1] for name in names}


def test_a_revoked_key_holds_the_service_and_loses_nothing(stack: Stack) -> None:
    """401 buries nothing: the service waits, and goes on when the key works again."""
    stack.sandbox("PUT", "faults", [{"service": "*", "operation": "*", "kind": "status", "status": 401}])
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(10)]
    stack.submit([create(name) for name in names])

    def held() -> bool:
        view = stack.view("c-3")
        return view is not None and any("401" in str(line.detail.get("reason")) for line in view.history)

    wait_until(held, reason="the service to be held")
    stack.sandbox("DELETE", "faults")
    wait_until(stack.idle, reason="delivery to resume")
    assert creates_by_id(stack) == Counter(names)
    assert stack.with_bridge(lambda bridge: bridge.store.dead("support", limit=10)) == ()


def test_workers_leave_cleanly_and_share_the_work(stack: Stack) -> None:
    """One worker is asked to go in the middle of it: it finishes its calls and exits 0; another goes on."""
    stack.sandbox("PUT", "faults", [{"service": "*", "operation": "*", "latency_ms": 50}])
    leaver = stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(80)]
    stack.submit([create(name) for name in names])
    stack.submit([update(name, number) for number in (1, 2, 3) for name in names])
    wait_until(lambda: len(creates_by_id(stack)) >= 10, reason="work to be under way")
    stack.start_worker()
    assert stack.end(leaver) == 0
    wait_until(stack.idle, reason="the other worker to finish")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2, 3] for name in names}
    assert all(entry["answered"] for entry in stack.effects()), "no call was cut short"
