"""`bridge dead discard`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from worker.commands import Create
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_a_discarded_letter_leaves_its_reason(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """The lane goes on without it, and the history tells why."""
    (letter_id,) = operator.buries(a_create())
    operator.keeps(b"{")
    told = operator.reads("dead", "discard", "support", "--all", "--reason", "a test")
    assert told[-1] == "discarded 2 of 2"

    async def body(bridge: Bridge) -> None:
        view = await bridge.store.view("support", "c-1")
        assert view is not None
        assert not view.parked
        assert view.history[-1].event == "discarded"
        assert view.history[-1].detail == {"letter": letter_id, "reason": "a test"}

    operator.does(body)
    told = operator.reads("dead", "discard", "support", letter_id, "--reason", "a test")
    assert told[-1] == "nothing is left to discard: no dead letter of support fits"


def test_a_dry_run_gives_nothing_up(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """It only counts."""
    operator.buries(a_create())
    command = ("dead", "discard", "support", "--all", "--reason", "a test", "--dry-run")
    for _ in range(2):
        assert operator.reads(*command)[-1] == "a dry run: 1 would be gone, nothing was changed"


def test_a_reason_and_a_choice_are_asked_for(operator: "Operator") -> None:
    """A blank is no reason, and nothing said is not everything."""
    assert "--reason is empty" in operator.refused("dead", "discard", "support", "--all", "--reason", " ")
    assert "or say --all" in operator.refused("dead", "discard", "support", "--reason", "a test")
    assert operator.types("dead", "discard", "support", "--all").exit_code == 2
