"""Opening: from a URL to the servers behind it."""

from typing import Any, Final

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialBackoff
from redis.maint_notifications import MaintNotificationsConfig

from worker.redis_url import RedisUrl, Way, read_redis_url
from worker.store.cluster import Cluster
from worker.store.limits import CLIENT
from worker.store.servers import OneServer, Servers

#: Every verb may be repeated, so a broken connection is mended quickly and without asking.
_RETRY: Final = Retry(ExponentialBackoff(cap=0.2, base=0.02), 3)
_SENTINEL: Final[Any] = Sentinel  # half typed


def open_servers(url: str, *, timeout_s: float, replicas: int = 0) -> Servers:
    """Return the servers at a URL. Connects with the first call. Raises SettingsError."""
    address = read_redis_url(url, "store.url")
    times: dict[str, Any] = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
    match address.way:
        case Way.DIRECT:
            redis = Redis.from_url(address.plain, retry=_RETRY, client_name=CLIENT, **times)
            return OneServer(redis, timeout_s=timeout_s, replicas=replicas)
        case Way.SENTINEL:
            options = {**_options(address), **times, "retry": _RETRY, "client_name": CLIENT}
            asked = {**times, **_tls(options), **dict(address.login)}
            sentinel: Any = _SENTINEL(list(address.nodes), sentinel_kwargs=asked, **options)
            master = sentinel.master_for(address.master)
            return OneServer(master, timeout_s=timeout_s, replicas=replicas, sentinels=sentinel.sentinels)
        case Way.CLUSTER:
            nodes = [ClusterNode(host, port) for host, port in address.nodes]
            cluster = RedisCluster(
                startup_nodes=nodes,
                client_name=CLIENT,
                maint_notifications_config=MaintNotificationsConfig(enabled=False),
                **{**_options(address), **times},
            )
            return Cluster(cluster, timeout_s=timeout_s, replicas=replicas)


def _options(address: RedisUrl) -> dict[str, Any]:
    """Return login, database, TLS and options as redis-py's clients take them."""
    options: dict[str, Any] = dict(parse_url(address.plain))
    for name in ("host", "port"):
        options.pop(name, None)
    if options.pop("connection_class", None) is not None:
        options["ssl"] = True
    return options


def _tls(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name.startswith("ssl")}
