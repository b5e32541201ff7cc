"""`bridge export` and `bridge import`: everything moves, and nothing that is torn, cut or mixed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from bridge import moving
from bridge.redis_server import RedisServer
from worker.errors import StoreForeign
from worker.lanes import partition_of
from worker.store.dump import PORTION, Portion
from worker.store.format import KEY

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator
    from worker.commands import Create
    from worker.wiring import Bridge

Other = Callable[[], str]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[str]:
    """The URL of another, empty Redis."""
    server = RedisServer(tmp_path / "other")
    server.start()
    yield server.url()
    server.kill()
    server.tidy()


def everything(url: str) -> dict[bytes, tuple[Any, bool]]:
    """Return what stands in a Redis, as it dumps it, and whether it expires; but for the stamp."""
    with redis.Redis.from_url(url) as client:
        keys = set(client.scan_iter("*", 1000)) - {KEY.encode()}
        return {key: (value(client, key), client.pttl(key) >= 0) for key in keys}


def value(client: "redis.Redis", key: bytes) -> object:
    """Return a value in a form that can be compared."""
    read: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get(key),
        b"list": lambda: client.lrange(key, 0, -1),
        b"hash": lambda: client.hgetall(key),
        b"set": lambda: client.smembers(key),
        b"zset": lambda: client.zrange(key, 0, -1, withscores=True),
        b"stream": lambda: client.xrange(key),
    }
    return read[client.type(key)]()


def fill(operator: "Operator", url: str, a_create: Callable[..., "Create"]) -> None:
    """Let a store hold something of every kind, and more of each than travels at once."""
    operator.accepts(*(a_create(f"c-{number}") for number in range(5)))
    operator.defers(a_create("late"))
    operator.buries(a_create("dead"))
    operator.keeps(bytes(range(256)))
    operator.types("channel", "pause", "tickets", "--reason", "a holiday")
    many = range(PORTION + 7)
    with redis.Redis.from_url(url) as client:
        client.rpush("bridge:{support/0}:history:long", *(f"line {n}" for n in many))
        client.hset("bridge:{support/0}:keys:long", mapping={f"key {n}": b"\xff\x00" for n in many})
        client.sadd("bridge:{support/0}:of a newer bridge", *(f"member {n}" for n in many))
        client.zadd("bridge:{support/0}:checked", {f"lane {n}": n + 0.5 for n in many})
        for n in many:
            client.xadd("bridge:{support/0}:outbox", {"notice": f"{n}"})
        client.set("bridge:{mailbox/inbox}:mail:ü", b"1|file|", px=3_600_000)
        client.set("bridge:{support/0}:token:gone", "1", px=1)


def test_everything_moves(
    operator: "Operator", redis_url: str, other: str, a_create: Callable[..., "Create"], tmp_path: Path
) -> None:
    """Each kind of value, its times to live, bytes that are no text, and what a newer bridge wrote."""
    fill(operator, redis_url, a_create)
    before = everything(redis_url)
    assert "lines are in" in operator.types("export", "moved.jsonl").output
    lines = [json.loads(line) for line in (tmp_path / "moved.jsonl").read_text().splitlines()]
    assert (lines[0]["bridge"], lines[0]["format"], lines[-1]["end"]) == ("export", 1, True)
    assert lines[-1]["lines"] == len(lines) - 2
    operator._redis_url = other
    operator.configure()
    said = json.loads(operator.types("import", "moved.jsonl", "--json").stdout)
    assert said == {"lines": lines[-1]["lines"], "doubts": []}
    assert everything(other) == before
    with redis.Redis.from_url(other) as client:
        assert 3_500_000 < client.pttl("bridge:{mailbox/inbox}:mail:ü") <= 3_600_000
        assert client.hgetall(KEY) == {
            b"format": b"1",
            b"partitions:support": b"2",
            b"partitions:sales": b"1",
        }


def test_what_was_moved_goes_on(operator: "Operator", other: str, a_create: Callable[..., "Create"]) -> None:
    """A repeated delivery gets the first receipt, what was due is due, dead letters can be replayed."""
    command = a_create("c-1")
    operator.accepts(command)
    operator.buries(a_create("dead"))

    async def first(bridge: "Bridge") -> object:
        (receipt,) = await bridge.intake.submit([command])
        return receipt

    told = operator.does(first)
    operator.types("export", "moved.jsonl")
    operator._redis_url = other
    operator.configure()
    operator.types("import", "moved.jsonl")
    assert operator.does(first) == told

    async def due(bridge: "Bridge") -> int:
        home = partition_of("support", "c-1", 2)
        return (await bridge.store.backlog(home, now=bridge.clock())).due

    assert operator.does(due) == 1
    assert operator.reads("dead", "replay", "support", "--all")[-1] == "replayed 1 of 1"


def test_a_store_that_changes_is_not_exported(
    operator: "Operator",
    redis_url: str,
    a_create: Callable[..., "Create"],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not while workers may deliver, nor when something is accepted meanwhile; and no file is left."""
    operator.accepts(a_create("c-1"))
    with redis.Redis.from_url(redis_url, client_name="bridge") as worker:
        worker.ping()
        assert "is not paused and other processes" in operator.refused("export", "moved.jsonl")
        for service in ("support", "sales"):
            operator.types("pause", service, "--reason", "moving")
        beats = iter([(1,), (2,)])

        async def pulse(_: object) -> tuple[object, ...]:
            return next(beats)

        monkeypatch.setattr(moving, "_pulse", pulse)
        assert "accepted or delivered while" in operator.refused("export", "moved.jsonl")
        assert list(tmp_path.glob("*moved*")) == []


def test_the_pulse_feels_every_change(operator: "Operator", a_create: Callable[..., "Create"]) -> None:
    """A command accepted, one deferred, one buried, one brought back."""
    changes = [
        lambda: operator.accepts(a_create("c-1")),
        lambda: operator.buries(a_create("c-2")),
        lambda: operator.types("dead", "replay", "support", "--all"),
    ]
    for change in changes:
        before = operator.does(moving._pulse)
        assert operator.does(moving._pulse) == before
        change()
        assert operator.does(moving._pulse) != before


def test_only_an_empty_store_takes_an_import(
    operator: "Operator", redis_url: str, a_create: Callable[..., "Create"]
) -> None:
    """Two stores cannot become one; nor may anybody work where one is being read in."""
    operator.accepts(a_create("c-1"))
    operator.types("export", "moved.jsonl")
    assert "there already" in operator.refused("export", "moved.jsonl")
    assert "the store is not empty (bridge:{" in operator.refused("import", "moved.jsonl")
    with redis.Redis.from_url(redis_url, client_name="bridge") as worker:
        worker.flushall()
        assert "other processes of a bridge are connected" in operator.refused("import", "moved.jsonl")


def test_an_import_that_broke_off_is_done_again(
    operator: "Operator",
    redis_url: str,
    other: str,
    a_create: Callable[..., "Create"],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until it has ended nothing starts on that store; the same file begins it anew, another one does not."""
    fill(operator, redis_url, a_create)
    before = everything(redis_url)
    operator.types("export", "moved.jsonl")
    operator.types("export", "again.jsonl")
    operator._redis_url = other
    operator.configure()
    batches = moving._batches

    def broken(whole: Iterator[Portion]) -> Iterator[list[Portion]]:
        for number, batch in enumerate(batches(whole)):
            if number == 9:
                raise moving.NotAtRest("the power failed")
            yield batch

    with monkeypatch.context() as power:
        power.setattr(moving, "_AT_ONCE", 1)
        power.setattr(moving, "_batches", broken)
        operator.refused("import", "moved.jsonl")

    async def start(bridge: "Bridge") -> tuple[str, ...]:
        return await bridge.store.admit(bridge.partitions)

    with pytest.raises(StoreForeign, match="an import into this store has not ended"):
        operator.does(start)
    assert "the store is not empty" in operator.refused("import", "again.jsonl")
    operator.types("import", "moved.jsonl")
    assert everything(other) == before
    assert operator.does(start) == ()


def test_other_partitions_are_refused(
    operator: "Operator", other: str, a_create: Callable[..., "Create"], tmp_path: Path
) -> None:
    """Every conversation would be looked for elsewhere."""
    operator.accepts(a_create("c-1"))
    operator.types("export", "moved.jsonl")
    operator._redis_url = other
    operator.configure()
    text = (tmp_path / "bridge.toml").read_text()
    (tmp_path / "bridge.toml").write_text(text.replace("partitions = 2", "partitions = 3"))
    said = operator.refused("import", "moved.jsonl")
    assert said.startswith("services.support.partitions is 3, but the file is of a store with 2")
