"""A held channel, with a worker of its own process: accepted, not delivered, and let go."""

import pytest

from tests.stories.conftest import Stack, create, wait_until
from worker.wiring import Bridge

pytestmark = pytest.mark.story


def test_what_a_held_channel_brought_waits_until_it_is_let_go(stack: Stack) -> None:
    """The worker hears of the hold, gives the lane back without a call, and delivers it afterwards."""
    stack.with_bridge(lambda bridge: bridge.store.hold_channel("story", reason="somebody looks"))
    stack.submit([create("c-1")])
    stack.start_worker()
    stack.start_beat()
    wait_until(lambda: was_deferred(stack), reason="a worker that hears of the hold")
    assert stack.effects() == []

    async def let_go(bridge: Bridge) -> None:
        await bridge.store.release_channel("story")

    async def hasten(bridge: Bridge) -> None:
        await bridge.store.hasten("support", now=bridge.clock())

    def delivered() -> bool:
        stack.with_bridge(hasten)
        return bool(stack.effects())

    stack.with_bridge(let_go)
    wait_until(delivered, reason="the delivery")
    assert [each["operation"] for each in stack.effects()] == ["create"]


def was_deferred(stack: Stack) -> bool:
    """Say whether a worker gave the conversation's lane back."""
    view = stack.view("c-1")
    return view is not None and any(each.event == "deferred" for each in view.history)
