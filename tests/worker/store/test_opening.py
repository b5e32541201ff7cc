"""From a URL to the servers behind it, each with its login, its times and its certificates."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio.sentinel import SentinelManagedSSLConnection

from worker.errors import SettingsError
from worker.store.cluster import Cluster
from worker.store.opening import open_servers
from worker.store.servers import OneServer, Servers


def opened(url: str, look: Callable[[Any], Awaitable[None]], *, replicas: int = 0) -> None:
    """Open servers inside a loop, look at them and close them; nothing connects."""

    async def main() -> None:
        servers: Servers = open_servers(url, timeout_s=3, replicas=replicas)
        await look(servers)
        await servers.aclose()

    asyncio.run(main())


def test_one_server_is_asked_within_the_time_out() -> None:
    """There is one shard, and no failover that could lose anything."""

    async def look(servers: OneServer) -> None:
        options = servers.redis.connection_pool.connection_kwargs
        assert (options["host"], options["port"], options["db"], options["socket_timeout"]) == ("h", 1, 2, 3)
        assert (await servers.shards(), servers.copied) == (1, True)

    opened("redis://u:p@h:1/2", look)


def test_sentinels_are_asked_for_the_master() -> None:
    """Login and TLS for the servers and, apart, for the sentinels."""

    async def look(servers: OneServer) -> None:
        pool: Any = servers.redis.connection_pool
        assert pool.service_name == "main"
        assert pool.connection_class is SentinelManagedSSLConnection
        assert (pool.connection_kwargs["password"], pool.connection_kwargs["db"]) == ("p", 2)
        asked = [each.connection_pool.connection_kwargs for each in servers._sentinels]
        assert [(each["host"], each["port"]) for each in asked] == [("a", 26379), ("b", 7)]
        assert [(each["password"], each["ssl_ca_certs"]) for each in asked] == [("s", "ca.pem")] * 2
        assert not servers.copied

    opened("sentinels://u:p@a,b:7/main/2?sentinel_password=s&ssl_ca_certs=ca.pem", look)


@pytest.mark.parametrize(("replicas", "copied"), [(0, False), (1, True)])
def test_a_cluster_is_found_through_any_node(replicas: int, copied: bool) -> None:  # noqa: FBT001 - a column of the table
    """Login as for one server; what was not copied can be lost."""

    async def look(servers: Cluster) -> None:
        names = sorted(servers._cluster.nodes_manager.startup_nodes)
        assert names == ["10.0.0.1:6379", "10.0.0.2:7"]
        assert servers._cluster.nodes_manager.connection_kwargs["password"] == "p"
        assert servers.copied is copied

    opened("cluster://:p@10.0.0.1,10.0.0.2:7", look, replicas=replicas)


def test_a_url_of_something_else_is_refused() -> None:
    """By the name of its setting."""
    with pytest.raises(SettingsError, match=r"store\.url"):
        open_servers("http://h", timeout_s=3)
