"""In a cluster each script goes to the node that has its slot, also after the slot moved."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from bridge.redis_server import find_server
from tests.ports import free_port
from tests.redis_servers import Node, end_all, start_cluster
from tests.worker.store.test_scripts import script_of
from worker.errors import StoreUnavailable
from worker.lanes import Partition
from worker.store.cluster import Cluster
from worker.store.limits import Limits
from worker.store.opening import open_servers
from worker.store.redis import RedisStore

#: Adds one, and says what there is.
COUNT = script_of("return redis.call('INCR', KEYS[1])")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    """Three masters."""
    directory: Path = tmp_path_factory.mktemp("cluster")
    found = start_cluster(directory, find_server())
    yield found
    end_all(found)


def with_cluster(nodes: list[Node], body: Callable[[Any], Awaitable[None]], **options: Any) -> None:  # noqa: ANN401 - whatever opening takes
    """Run a body with a cluster, found through one of its nodes."""

    async def main() -> None:
        servers = open_servers(f"cluster://{nodes[0].name}", timeout_s=5, **options)
        assert isinstance(servers, Cluster)
        try:
            await body(servers)
        finally:
            await servers.aclose()

    asyncio.run(main())


def test_scripts_go_to_the_node_that_has_their_keys(nodes: list[Node]) -> None:
    """Fifty keys over three nodes, at once."""

    async def body(servers: Cluster) -> None:
        counts = await asyncio.gather(*(servers.run(COUNT, (f"spread:{n}",)) for n in range(50)))
        assert counts == [1] * 50
        assert len(servers._runners) == 3

    with_cluster(nodes, body)
    shares = []
    for node in nodes:
        with node.client as client:
            shares.append(len(client.keys("spread:*")))
    assert sum(shares) == 50
    assert min(shares) > 0


def test_a_slot_that_moved_is_found_again(nodes: list[Node]) -> None:
    """The node that had it says where it is, and the call is made there; once."""
    slot = key_slot(b"moves")
    owner = nodes[slot * 3 // 16384]
    heir = next(node for node in nodes if node is not owner)

    async def body(servers: Cluster) -> None:
        assert await servers.run(COUNT, ("moves",)) == 1
        with owner.client as old, heir.client as new:
            name = new.execute_command("CLUSTER", "MYID")
            new.execute_command(
                "CLUSTER", "SETSLOT", slot, "IMPORTING", old.execute_command("CLUSTER", "MYID")
            )
            old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", name)
            old.migrate("127.0.0.1", heir.port, "moves", 0, 1000)
            with pytest.raises(StoreUnavailable, match="is moving this slot"):
                await servers.run(COUNT, ("moves",))
            for node in (new, old):
                node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)
        assert await servers.run(COUNT, ("moves",)) == 2

    with_cluster(nodes, body)


def test_copies_are_waited_for_at_the_node(nodes: list[Node]) -> None:
    """These nodes have no replicas, so nothing counts where one is wanted."""

    async def body(servers: Cluster) -> None:
        with pytest.raises(StoreUnavailable, match="0 of 1 replicas"):
            await servers.run(COUNT, ("{alone}:count",))

    with_cluster(nodes, body, replicas=1)


def test_every_node_must_be_fit(nodes: list[Node]) -> None:
    """One that evicts is found among those that do not."""

    async def main() -> tuple[str, ...]:
        store = RedisStore.open(f"cluster://{nodes[0].name}", Limits(), timeout_s=5)
        try:
            return await store.troubles()
        finally:
            await store.aclose()

    assert asyncio.run(main()) == ()
    with nodes[2].client as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert asyncio.run(main()) == ("evicts keys when memory is short (maxmemory-policy allkeys-lru)",)
        client.config_set("maxmemory-policy", "noeviction")


def test_a_cluster_that_is_gone_is_a_store_that_is_away() -> None:
    """With every node: for verbs and for plain calls, and for an intake that asks for the first time."""

    async def main() -> None:
        store = RedisStore.open(f"cluster://127.0.0.1:{free_port()}", Limits(), timeout_s=5)
        try:
            for asked in (
                store.backlog(Partition("support", 0), now=datetime.now(UTC)),
                store.stamp(),
                store.troubles(),
            ):
                with pytest.raises(StoreUnavailable, match="the store does not answer"):
                    await asked
        finally:
            await store.aclose()

    asyncio.run(main())


def test_a_node_that_is_gone_is_a_store_that_is_away(nodes: list[Node]) -> None:
    """For its share of the keys; and it is found again when it is back."""
    slot = key_slot(b"away")
    owner = nodes[slot * 3 // 16384]

    async def body(servers: Cluster) -> None:
        assert await servers.run(COUNT, ("away",)) == 1
        owner.end(signal.SIGKILL)
        with pytest.raises(StoreUnavailable):
            await servers.run(COUNT, ("away",))
        owner.start()
        while True:
            try:
                assert await servers.run(COUNT, ("away",)) == 2
            except StoreUnavailable:
                await asyncio.sleep(0.1)
            else:
                return

    with_cluster(nodes, body)


def test_a_cluster_of_which_no_node_answers_is_away() -> None:
    """A door says so and its sender comes again: redis-py's own word for it would be a fault of ours."""

    async def main() -> None:
        store = RedisStore.open("cluster://127.0.0.1:9", Limits(), timeout_s=1)
        try:
            for asked in (store.ping(), store.size(), store._link.run(COUNT, ("k",))):
                with pytest.raises(StoreUnavailable, match="the store does not answer"):
                    await asked
        finally:
            await store.aclose()

    asyncio.run(main())
