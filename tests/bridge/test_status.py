"""`bridge status`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import redis

from bridge.status import _rate
from worker.commands import Create
from worker.lanes import partition_of
from worker.wiring import Bridge

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_all_is_well_in_one_line(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """The verdict stands on top, then the figures, the rates and what the doors count; the exit code is 0."""
    operator.accepts(a_create("c-1"), a_create("c-2"))

    async def work(bridge: Bridge) -> None:
        await bridge.intake.tally("support", "tickets:refused")
        home, now = partition_of("support", "c-1", bridge.partitions["support"]), bridge.clock()
        lease = timedelta(seconds=45)
        assert len(await bridge.store.claim(home, limit=1, lease=lease, token="t", now=now)) == 1

    operator.does(work)
    told = operator.reads("status")
    assert told[0] == "all is well"
    assert told[2:5] == [
        "service due oldest lanes in flight dead gate",
        "sales 0 0 0 0 open",
        "support 1 0 s 2 1 0 open",
    ]
    assert told[6] == "service a minute, over the last 1 min 5 min 15 min"
    assert told[7:11] == [
        f"sales {what} 0 0 0" for what in ("accepted", "delivered", "failed tries", "buried")
    ]
    assert told[11:15] == [
        "support accepted 2 0.4 0.1",
        "support delivered 0 0 0",
        "support failed tries 0 0 0",
        "support buried 0 0 0",
    ]
    assert told[16:] == ["service channel refused ignored unreadable", "support tickets 1 0 0"]


@pytest.mark.parametrize(
    ("rate", "written"), [(0, "0"), (0.01, "<0.1"), (0.1, "0.1"), (2, "2"), (2.345, "2.3"), (123.4, "123")]
)
def test_a_rate_has_the_digits_that_say_something(rate: float, written: str) -> None:
    """Only nothing at all is 0."""
    assert _rate(rate) == written


def test_a_store_that_could_lose_something_is_said(operator: "Operator", redis_url: str) -> None:
    """In one line beneath the verdict, and to scripts; it needs nobody now, so the exit code is 0."""
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("appendfsync", "everysec")
        try:
            told = operator.reads("status")
            told_scripts = json.loads(operator.types("status", "--json").stdout)
            checked = json.loads(operator.types("check", "--json").stdout)
        finally:
            client.config_set("appendfsync", "always")
    assert told[0] == "all is well"
    assert told[1].startswith("the store answers before it has written to disk (appendfsync everysec): ")
    assert [each.split(":")[0] for each in told_scripts["store"]] == [
        "the store answers before it has written to disk (appendfsync everysec)"
    ]
    (found,) = [each for each in checked if each["what"] == "store"]
    assert found["grade"] == "warning"


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
    assert (service["in_flight"], service["per_minute"]["accepted"]) == (0, {"1": 0, "5": 0, "15": 0})
    assert told["store"] == []
    assert len(service["needs"]) == 1


def test_what_a_person_stopped_is_not_forgotten(operator: "Operator") -> None:
    """Paused channels and sweeps, and a reconcile in doubt, stand where anybody looks first."""

    async def doubt(bridge: Bridge) -> None:
        await bridge.store.doubt("support", now=datetime(2026, 11, 23, 12, 0, tzinfo=UTC))

    operator.does(doubt)
    operator.types("channel", "pause", "tickets", "--reason", "a flood")
    operator.types("sweep", "pause", "sales", "--reason", "a new policy")
    told = operator.reads("status", "--utc", code=1)
    assert told[:3] == [
        "3 things need a person",
        "sales has its sweeps paused because: a new policy; `bridge sweep resume sales` lets them go on",
        "support has channel tickets paused because: a flood; `bridge channel resume tickets` lets it go on",
    ]
    assert told[3].startswith("support has shown none of our interactions since 2026-11-23 12:00:00 UTC, so ")
    (support,) = json.loads(operator.types("status", "support", "--json").stdout)["services"]
    assert support["channels_paused"] == {"tickets": "a flood"}
    assert support["doubted_since"] == "2026-11-23T12:00:00+00:00"
    operator.types("channel", "resume", "tickets")
    assert "tickets" not in str(operator.reads("status", "support", code=1))
