"""`bridge status`."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from worker.commands import Create
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_all_is_well_in_one_line(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """The verdict stands on top, the figures beneath, and the exit code is 0."""
    operator.accepts(a_create("c-1"), a_create("c-2"))

    async def count(bridge: Bridge) -> None:
        await bridge.intake.tally("support", "tickets:refused")

    operator.does(count)
    told = operator.reads("status")
    assert told[0] == "all is well"
    assert told[2:5] == ["service due lanes oldest dead gate", "sales 0 0 0 open", "support 2 2 0 s 0 open"]
    assert told[6:] == ["service channel refused ignored unreadable", "support tickets 1 0 0"]


def test_what_needs_a_person_is_code_1(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """Each thing has its line, with the command that helps."""
    operator.buries(a_create())
    operator.types("pause", "sales", "--reason", "stocktaking")
    told = operator.reads("status", code=1)
    assert told[:3] == [
        "2 things need a person",
        "sales is paused because: stocktaking; `bridge resume sales` lets it go on",
        "support has 1 dead letter; `bridge dead list support` tells which",
    ]
    assert operator.reads("status", "support", code=1)[0] == "1 thing needs a person"


def test_scripts_get_json(operator: "Operator") -> None:
    """One line, and the same exit code."""

    async def hold(bridge: Bridge) -> None:
        until = bridge.clock() + timedelta(hours=1)
        await bridge.store.hold("support", until=until, reason="401 unknown key")

    operator.does(hold)
    result = operator.types("status", "support", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["ok"] is False
    (service,) = told["services"]
    assert (service["gate"], service["because"], service["dead"]) == ("held", "401 unknown key", 0)
    assert len(service["needs"]) == 1
