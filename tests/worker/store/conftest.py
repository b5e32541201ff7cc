"""The stores under test, each opened inside the loop that uses it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from bridge.redis_server import find_server
from tests.redis_servers import Node, end_all, start_cluster
from tests.redis_users import admit, store_url
from worker.ports import Store
from worker.store.gate import GateLimits
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore
from worker.store.redis import RedisStore

LIMITS = Limits(
    services={
        "support": ServiceLimits(
            lane_cap=5,
            dedup_window_ms=60_000,
            channel_windows_ms={"hasty": 1000},
            senders=("FromAddress",),
        ),
        "fragile": ServiceLimits(
            gate=GateLimits(breaker_calls=4, breaker_window_ms=10_000, breaker_open_ms=5_000)
        ),
        "metered": ServiceLimits(gate=GateLimits(rate_per_s=2, burst=4)),
        "narrow": ServiceLimits(gate=GateLimits(in_flight=2)),
        "wide": ServiceLimits(partitions=4),
    },
    window=3,
    awake_ms=50,
)

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """A cluster of three, started once."""
    nodes = start_cluster(tmp_path_factory.mktemp("cluster"), find_server())
    yield nodes
    end_all(nodes)


@pytest.fixture
def cluster_url(cluster: list[Node]) -> str:
    """The URL of an empty cluster."""
    for node in cluster:
        with node.client as client:
            client.flushall()
    return f"cluster://{','.join(node.name for node in cluster)}"


@pytest.fixture
def redis_user() -> str:
    """Whom of the shipped users the store is opened as; what only people use is tried as theirs."""
    return "worker"


@pytest.fixture(params=["memory", "redis", "cluster"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Each implementation in turn."""
    if request.param == "memory":

        @asynccontextmanager
        async def memory() -> AsyncIterator[Store]:
            yield MemoryStore(LIMITS)

        return memory

    if request.param == "redis":
        # as a process of a deployed bridge comes: with no more rights than the shipped file gives it
        server = request.getfixturevalue("redis_server")
        request.getfixturevalue("redis_url")
        admit(server)
        url = store_url(server, request.getfixturevalue("redis_user"))
    else:
        url = request.getfixturevalue("cluster_url")

    @asynccontextmanager
    async def real() -> AsyncIterator[Store]:
        store = RedisStore.open(url, LIMITS, timeout_s=5)
        try:
            yield store
        finally:
            await store.aclose()

    return real


@pytest.fixture
def run(open_store: OpenStore) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
    """Run a test body with a fresh store."""

    def runner(body: Callable[[Store], Awaitable[None]]) -> None:
        async def main() -> None:
            async with open_store() as store:
                await body(store)

        asyncio.run(main())

    return runner
