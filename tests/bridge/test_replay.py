"""`bridge dead replay`."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from worker.commands import Create
from worker.lanes import LaneView
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def view(operator: "Operator", external_id: str) -> LaneView:
    """Return what is known of a conversation."""

    async def body(bridge: Bridge) -> LaneView:
        found = await bridge.store.view("support", external_id)
        assert found is not None
        return found

    return operator.does(body)


def test_replaying_a_set_again_finds_nothing(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """The plan comes first; every create is back at the head of its lane once, and somebody was rung."""
    operator.buries(a_create("c-1"), a_create("c-2"))
    told = operator.reads("dead", "replay", "support", "--cause", "rejected")
    assert told[0] == "to replay, oldest first:"
    assert told[-1] == "replayed 2 of 2"
    assert len(operator.rung) == 2
    for _ in range(2):
        told = operator.reads("dead", "replay", "support", "--cause", "rejected")
        assert told == ["nothing is left to replay: no dead letter of support fits"]
    assert [len(view(operator, name).pending) for name in ("c-1", "c-2")] == [1, 1]


def test_by_id_only_that_one_is_replayed(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """The same id again says that it is no dead letter."""
    first, _ = operator.buries(a_create("c-1"), a_create("c-2"))
    assert operator.reads("dead", "replay", "support", first)[-1] == "replayed 1 of 1"
    told = operator.reads("dead", "replay", "support", first)
    assert told[-1] == "nothing is left to replay: no dead letter of support fits"
    assert told[0].startswith(first)
    assert view(operator, "c-2").parked


def test_a_dry_run_changes_nothing(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """It says what would be done, and which deliveries can be read now."""
    operator.configure("ticket.id")
    operator.buries(a_create())
    operator.keeps(json.dumps({"ticket": {"id": 1}}).encode(), "a" * 32)
    operator.keeps(b"{", "b" * 32)
    told = operator.reads("dead", "replay", "support", "--all", "--dry-run")
    assert told[-1] == "a dry run: 3 were looked at, nothing was changed"
    assert any(line.startswith("aaaaaaaaaaaa create tickets-") for line in told)
    assert any(line.startswith("bbbbbbbbbbbb still unreadable") for line in told)
    assert operator.rung == []
    assert len(json.loads(operator.types("dead", "list", "support", "--json").stdout)) == 3


def test_what_stays_a_dead_letter_is_told_and_is_code_1(operator: "Operator") -> None:
    """A mended mapping brings the readable one back; the other keeps its letter."""
    operator.configure("ticket.id")
    operator.keeps(json.dumps({"ticket": {"id": 1}}).encode(), "a" * 32)
    operator.keeps(b"{", "b" * 32)
    told = operator.reads("dead", "replay", "support", "--channel", "tickets", code=1)
    assert "replayed 1 of 2; still dead letters: 1" in told
    (left,) = json.loads(operator.types("dead", "list", "support", "--json").stdout)
    assert left["id"] == "b" * 32


def test_nothing_is_replayed_by_leaving_something_out(operator: "Operator") -> None:
    """All of them takes a word."""
    assert "or say --all" in operator.refused("dead", "replay", "support")
