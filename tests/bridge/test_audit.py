"""`bridge audit`: what contradicts is named, and mended unless that is not wanted."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import redis

from bridge.audit import MEANINGS
from worker.commands import Create
from worker.lanes import partition_of
from worker.store.keys import Keys
from worker.upkeep import Flaw

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_a_store_in_order_is_said_to_be(operator: "Operator", a_create: Callable[..., Create]) -> None:
    """In one line, with how much was looked at; exit code 0."""
    operator.accepts(a_create("c-1"))
    (line,) = operator.reads("audit")
    assert line == "2 looks at conversations and dead letters: the store agrees with itself"
    told = json.loads(operator.types("audit", "--json").stdout)
    assert told == {"looked": 2, "dryRun": False, "found": []}


def test_what_contradicts_is_named_first_and_mended_then(
    operator: "Operator", a_create: Callable[..., Create], redis_url: str
) -> None:
    """A dry run changes nothing, as often as it runs; the mending is seen by the next look. Exit code 1."""
    operator.accepts(a_create("c-1"))
    with redis.Redis.from_url(redis_url) as client:
        client.delete(Keys.of(partition_of("support", "c-1", 2)).due)
    for _ in range(2):
        dry = operator.reads("audit", "--dry-run", code=1)
        assert dry[0].endswith(": 1 contradictions")
        assert dry[2].startswith("support forgotten 1 commands wait in a ")
        assert dry[-1] == "a dry run: nothing was changed"
    result = operator.types("audit", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["found"]
    assert found == {"service": "support", "flaw": "forgotten", "count": 1, "names": ["c-1"]}
    operator.reads("audit", code=0)
    assert "audit" not in operator.reads("status")[0]


def test_every_flaw_has_its_meaning() -> None:
    """In words for whoever has to judge it."""
    assert set(MEANINGS) == set(Flaw)
