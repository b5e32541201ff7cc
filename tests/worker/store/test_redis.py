"""The Redis store knows whether its server can keep a promise."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import redis

from bridge.redis_server import RedisServer
from worker.errors import StoreUnavailable, StoreUnsafe
from worker.store.limits import Limits
from worker.store.redis import RedisStore


def on(url: str, body: Callable[[RedisStore], Awaitable[object]]) -> object:
    """Run a body with a store at a URL."""

    async def main() -> object:
        store = RedisStore.open(url, Limits(), timeout_s=5)
        try:
            return await body(store)
        finally:
            await store.aclose()

    return asyncio.run(main())


#: What tests change of the server's configuration.
CHANGED = ("maxmemory-policy", "appendonly", "appendfsync")


@pytest.fixture
def configure(redis_url: str) -> Iterator[Callable[..., None]]:
    """Change the server's configuration for one test."""
    with redis.Redis.from_url(redis_url) as client:
        before = {name: client.config_get(name)[name] for name in CHANGED}

        def change(**settings: str) -> None:
            for name, value in settings.items():
                client.config_set(name.replace("_", "-"), value)

        yield change
        for name, value in before.items():
            client.config_set(name, value)


def test_a_server_as_the_bridge_starts_it_is_safe(redis_url: str) -> None:
    """It evicts nothing and writes to disk what it accepts."""
    assert on(redis_url, lambda store: store.troubles()) == ()
    on(redis_url, lambda store: store.refuse_unsafe())
    assert on(redis_url, lambda store: store.weaknesses()) == ()


#: A millisecond for each key, and an ear for clients after every kilobyte.
_SLOWLY = ("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")


def test_a_server_that_reads_its_file_is_not_there_yet(tmp_path: Path) -> None:
    """Until it has read it, it says that it writes none: that is no reason to refuse it."""
    server = RedisServer(tmp_path)
    server.start()
    with redis.Redis.from_url(server.url()) as client:
        client.eval("for n = 1, 2000 do redis.call('SET', n, n) end", 0)
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.05)
    server.stop()
    slow = subprocess.Popen([*server.command, *_SLOWLY], stdout=subprocess.DEVNULL)
    try:
        said = ""
        while "still reads its file" not in said:
            try:
                on(server.url(), lambda store: store.refuse_unsafe())
            except StoreUnavailable as error:
                said = str(error)
            else:
                pytest.fail("it was never found reading")
        while not server.answers():
            time.sleep(0.05)
        on(server.url(), lambda store: store.refuse_unsafe())
    finally:
        slow.kill()
        slow.wait()


@pytest.mark.parametrize("policy", ["everysec", "no"])
def test_a_server_that_answers_before_it_writes_is_weak(
    redis_url: str, configure: Callable[..., None], policy: str
) -> None:
    """It is accepted, because hosted ones are like that, and it is said."""
    configure(appendfsync=policy)
    assert on(redis_url, lambda store: store.troubles()) == ()
    (weakness,) = on(redis_url, lambda store: store.weaknesses())
    assert weakness.startswith(f"answers before it has written to disk (appendfsync {policy}): unless")


def test_a_server_that_does_not_tell_is_weak(redis_url: str) -> None:
    """Many hosted ones refuse CONFIG: what cannot be asked is said too."""
    with redis.Redis.from_url(redis_url) as client:
        client.acl_setuser(
            "guest",
            enabled=True,
            passwords=["+guest"],
            categories=["+@all"],
            commands=["-config"],
            keys=["*"],
        )
        try:
            url = f"{redis_url}{'&' if '?' in redis_url else '?'}username=guest&password=guest"
            (weakness,) = on(url, lambda store: store.weaknesses())
        finally:
            client.acl_deluser("guest")
    assert weakness.startswith("does not tell when it writes to disk (it refuses CONFIG GET)")


def test_a_server_that_evicts_or_forgets_is_refused(redis_url: str, configure: Callable[..., None]) -> None:
    """Each trouble is named, with the way out."""
    configure(maxmemory_policy="allkeys-lru", appendonly="no")
    assert on(redis_url, lambda store: store.troubles()) == (
        "evicts keys when memory is short (maxmemory-policy allkeys-lru)",
        "does not write to disk what it accepts (appendonly no)",
    )
    with pytest.raises(StoreUnsafe, match=r"or set store\.allow_unsafe = true"):
        on(redis_url, lambda store: store.refuse_unsafe())


def test_a_server_that_is_there_answers(redis_url: str) -> None:
    """And knows who asks."""

    async def names(store: RedisStore) -> list[str]:
        await store.ping()
        clients = await store._link.redis.client_list()
        return [client["name"] for client in clients]

    assert "bridge" in on(redis_url, names)


def test_a_connection_that_breaks_is_mended(redis_url: str) -> None:
    """Without a word to the caller: every verb may be repeated."""

    async def body(store: RedisStore) -> dict[str, int]:
        await store.tally("support", "mail:refused")
        with redis.Redis.from_url(redis_url) as other:
            other.client_kill_filter(_type="normal", skipme=True)
        return await store.tallies("support")

    assert on(redis_url, body) == {"mail:refused": 1}


def test_a_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    """After a few quick tries."""
    for ask in (RedisStore.ping, RedisStore.weaknesses):
        with pytest.raises(StoreUnavailable, match="the store does not answer"):
            on(f"unix://{tmp_path}/nothing.sock", ask)
