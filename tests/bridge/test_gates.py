"""Pause, resume and retry now."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from worker.commands import Create
from worker.lanes import Partition
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

BOTH = [Partition("support", 0), Partition("support", 1)]


def test_a_paused_service_stands_until_it_is_resumed(
    operator: "Operator", a_create: Callable[..., Create]
) -> None:
    """In every partition; resuming says what was the case and rings them all."""
    operator.accepts(a_create())
    assert operator.reads("pause", "support", "--reason", "maintenance")[0].startswith("support is paused: ")
    told = operator.reads("resume", "support")
    assert told == ["support is open; it was paused because: maintenance; lanes due: 1"]
    assert sorted(operator.rung, key=lambda each: each.index) == BOTH
    assert operator.reads("resume", "support") == ["support is open; it was open; lanes due: 1"]


def test_a_hold_is_lifted_too(operator: "Operator") -> None:
    """Whoever resumes wants to see it run."""

    async def hold(bridge: Bridge) -> None:
        until = bridge.clock() + timedelta(hours=1)
        await bridge.store.hold("support", until=until, reason="429 slow down")

    operator.does(hold)
    assert "because: 429 slow down" in operator.reads("resume", "support")[0]
    assert "it was open" in operator.reads("resume", "support")[0]


def test_what_backs_off_is_tried_now(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """One conversation or all; every partition is rung, and a shut gate is not kept quiet about."""
    operator.defers(a_create("c-1"))
    operator.defers(a_create("c-2"))
    assert operator.reads("retry-now", "support", "c-1") == ["support: 1 lane is due now"]
    assert operator.reads("retry-now", "support") == ["support: 1 lane is due now"]
    assert sorted(operator.rung, key=lambda each: each.index) == [BOTH[0]] * 2 + [BOTH[1]] * 2
    operator.types("pause", "support", "--reason", "maintenance")
    first, second = operator.reads("retry-now", "support")
    assert first == "support: nothing backs off"
    assert second.startswith("it is paused because: maintenance: nothing is sent before that ends")


def test_a_pause_needs_a_reason(operator: "Operator") -> None:
    """An empty one would be a resumption."""
    assert "--reason is empty" in operator.refused("pause", "support", "--reason", "")
    assert operator.types("pause", "support").exit_code == 2


def test_an_unknown_service_is_one_sentence(operator: "Operator") -> None:
    """Before anything is written."""
    for command in (("pause", "nope", "--reason", "x"), ("resume", "nope"), ("retry-now", "nope")):
        assert operator.refused(*command) == "no service 'nope' is configured; there is: sales, support"
