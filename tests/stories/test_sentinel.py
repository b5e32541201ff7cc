"""Behind sentinels, store and broker alike: the master is killed in mid-traffic; what was accepted stays."""

import asyncio
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bridge.redis_server import RedisServer, find_server
from tests.redis_servers import Watched, start_watched, until
from tests.stories.conftest import Stack, create, staged, update, wait_until
from tests.stories.test_death import creates_by_id, steps_by_id
from worker.commands import Command
from worker.errors import StoreUnavailable
from worker.store.limits import Limits
from worker.store.redis import RedisStore

pytestmark = pytest.mark.story


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A master, two replicas, three sentinels."""
    group = start_watched(tmp_path / "watched", find_server())
    yield group
    group.end()


@pytest.fixture
def stack(tmp_path: Path, watched: Watched) -> Iterator[Stack]:
    """A stack whose store and broker are wherever the sentinels say."""
    unused = RedisServer(tmp_path / "redis")
    with staged(tmp_path, unused, store=watched.url(), broker=watched.url(1)) as stack:
        stack.config.write_text(f"{stack.config.read_text()}\n[store]\nreplicas = 2\ntimeout_s = 2\n")
        yield stack


def test_what_was_accepted_survives_a_failover(stack: Stack, watched: Watched) -> None:
    """A sender repeats what was not accepted: each conversation once and in order, whoever is the master."""
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(60)]
    accepted = threading.Event()

    def send() -> None:
        for number, name in enumerate(names):
            _submit(stack, [create(name), update(name, 1), update(name, 2)])
            if number == 10:
                accepted.set()

    sender = threading.Thread(target=send)
    sender.start()
    assert accepted.wait(60)
    before = watched.master
    before.end(signal.SIGKILL)
    until(lambda: watched.master is not before, "another master")
    assert sender.is_alive(), "what only two of three could have is not accepted"
    watched.follow(before)
    sender.join()
    wait_until(stack.done, reason="everything to be delivered over the new master")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2] for name in names}


def test_what_no_replica_has_is_not_accepted(stack: Stack, watched: Watched) -> None:
    """With a replica gone the sender hears that it was not taken, though the master is well."""
    watched.servers[1].end(signal.SIGKILL)
    with pytest.raises(StoreUnavailable, match="1 of 2 replicas"):
        stack.submit([create("c-1")])


def test_a_replica_that_may_lag_behind_is_spoken_of(watched: Watched) -> None:
    """Where fewer must have what counts than there are: one of the others may be promoted."""

    async def said(replicas: int) -> tuple[str, ...]:
        store = RedisStore.open(watched.url(), Limits(), timeout_s=5, replicas=replicas)
        try:
            return await store.weaknesses()
        finally:
            await store.aclose()

    (weakness,) = asyncio.run(said(1))
    assert weakness.startswith("has 2 replicas, and 1 must have what counts (store.replicas)")
    assert asyncio.run(said(2)) == ()


def _submit(stack: Stack, commands: Sequence[Command]) -> None:
    """Submit commands until they are accepted, as a sender does."""
    deadline = time.monotonic() + 60
    while True:
        try:
            stack.submit(commands)
        except StoreUnavailable:
            assert time.monotonic() < deadline, "no failover"
            time.sleep(0.2)
        else:
            return
