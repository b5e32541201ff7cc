"""`bridge sweep`, as a person types it."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from worker.commands import Create
from worker.lanes import Held, Settlement, partition_of
from worker.wiring import Bridge, new_id

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

LEASE = timedelta(seconds=45)


@pytest.fixture
def swept(operator: "Operator", tmp_path: Path) -> "Operator":
    """A bridge whose support is swept after an hour."""
    path = tmp_path / "bridge.toml"
    path.write_text(
        path.read_text() + "\n[services.support.sweep]\nidle_s = 3600\ncap_per_run = 2\ncap_share = 1\n"
    )
    return operator


def opens(command: Create) -> Callable[[Bridge], Awaitable[None]]:
    """Return what opens an interaction two hours ago."""

    async def body(bridge: Bridge) -> None:
        now = datetime.now(UTC) - timedelta(hours=2)
        await bridge.store.append(command, receipt_id=new_id(), now=now)
        home = partition_of(command.service, command.external_id, bridge.partitions[command.service])
        (claim,) = await bridge.store.claim(home, limit=1, lease=LEASE, token=new_id(), now=now)
        row = claim.interaction.opened(interaction_id="I1", channel="mail", at=now)
        done = Settlement(claim.commands[0].sequence, row, (), calls=1, keep=False)
        assert await bridge.store.settle(claim, done, lease=LEASE, now=now) is Held.EMPTY

    return body


def answer(operator: "Operator", *arguments: str, code: int = 0) -> str:
    """Return what a sweep's command answers, without the log lines of the test's own terminal."""
    (told,) = [
        line for line in operator.reads("sweep", *arguments, code=code) if line.startswith("support: ")
    ]
    return told


def contents(url: str) -> dict[str, object]:
    """Return everything in Redis."""
    with redis.Redis.from_url(url) as client:
        return {key.decode(): client.dump(key) for key in client.scan_iter()}


def test_a_dry_run_says_what_would_be_stopped_and_why(
    swept: "Operator", a_create: Callable[..., Create], redis_url: str
) -> None:
    """And how many are left alone, by reason; nothing is written."""
    swept.does(opens(a_create("c-1")))
    swept.does(opens(a_create("c-2")))
    swept.accepts(a_create("c-2").model_copy(update={"idempotency_key": "mail:waits"}))
    before = contents(redis_url)
    for command in (("sweep", "--dry-run", "--utc"), ("sweep", "run", "support", "--dry-run", "--utc")):
        head, names, row, *left = swept.reads(*command)
        assert head == "support: 1 of 2 open interactions would be stopped, 0 warned"
        assert names == "external id idle since what why"
        assert row.startswith("c-1 20")
        assert row.endswith(" UTC stop idle for 2 h")
        assert left == ["left alone: 1, not idle for long enough"]
    assert contents(redis_url) == before


def test_a_dry_run_says_what_would_be_refused(swept: "Operator", a_create: Callable[..., Create]) -> None:
    """Over the cap; as JSON too."""
    for name in ("c-1", "c-2", "c-3"):
        swept.does(opens(a_create(name)))
    head, *_ = swept.reads("sweep", "--dry-run")
    assert head == "support: nothing would be stopped: more than 2 interactions are stale (cap_per_run)"
    (told,) = json.loads(swept.reads("sweep", "--dry-run", "--json")[0])
    assert (told["result"], told["stale"], len(told["named"])) == ("refused", 3, 3)


def test_a_run_stops_and_leaves_a_trail(swept: "Operator", a_create: Callable[..., Create]) -> None:
    """Who, when, how many, and which."""
    assert swept.reads("sweep", "history") == ["no sweep has found anything to do yet"]
    swept.does(opens(a_create("c-1")))
    told = answer(swept, "run", "support")
    assert told.startswith("support: sweep ")
    assert told.endswith(" asked for 1 stops and 0 warnings; asked for before: 0, overtaken: 0")
    _, row = swept.reads("sweep", "history", "support", "--utc")
    assert row.endswith("UTC support person 1 0 0 done")
    head, _, named = swept.reads("sweep", "history", "--each", "--utc")
    assert " support done (" in head
    assert named.startswith("c-1 ")
    (record,) = json.loads(swept.reads("sweep", "history", "--json")[0])
    assert (record["stops"], record["by"]) == (1, "person")
    assert "sweep" in " ".join(swept.reads("show", "support", "c-1"))


def test_a_refused_run_has_exit_code_1_and_a_person_may_know_better(
    swept: "Operator", a_create: Callable[..., Create]
) -> None:
    """The cap is that person's then."""
    for name in ("c-1", "c-2", "c-3"):
        swept.does(opens(a_create(name)))
    refused = answer(swept, "run", "support", code=1)
    assert refused == "support: nothing was stopped: more than 2 interactions are stale (cap_per_run)"
    assert " asked for 3 stops " in answer(swept, "run", "support", "--cap", "3")
    (record,) = json.loads(swept.reads("sweep", "run", "support", "--json")[-1])
    assert (record["stops"], record["left"]) == (0, {"commands wait in its lane": 3})


def test_a_pause_is_said_until_it_is_lifted(swept: "Operator") -> None:
    """With its reason, by whoever looks."""
    (told,) = swept.reads("sweep", "pause", "support", "--reason", "wrong rule")
    assert "`bridge sweep resume support`" in told
    assert answer(swept, "run", "support", code=1) == "support: nothing was stopped: paused: wrong rule"
    assert swept.reads("sweep", "history")[0] == "sweeps of support are paused because: wrong rule"
    (resumed,) = swept.reads("sweep", "resume", "support")
    assert resumed == "sweeps of support go on; they were paused because: wrong rule"
    assert swept.reads("sweep", "resume", "support") == ["sweeps of support go on; they were not paused"]
    assert "--reason is empty" in swept.refused("sweep", "pause", "support", "--reason", " ")


def test_without_rules_there_is_nothing_to_sweep(operator: "Operator") -> None:
    """One sentence says what to write."""
    assert "no service is swept" in operator.refused("sweep", "--dry-run")
    assert "services.support.sweep is not set" in operator.refused("sweep", "run", "support")
    assert "no service 'nope'" in operator.refused("sweep", "run", "nope")
    assert operator.types("sweep").exit_code == 2
