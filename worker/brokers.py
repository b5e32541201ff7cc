"""Brokers: what a broker's URL means to Celery.

One form of URL for the store and the broker; kombu has forms of its own, and puts half of what Sentinel needs
into options.
"""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from worker.errors import SettingsError
from worker.redis_url import RedisUrl, Way, read_redis_url


class Kind(StrEnum):
    """What kind of broker it is, as far as settings differ."""

    REDIS = "redis"
    RABBITMQ = "rabbitmq"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker as Celery is to be told of it."""

    kind: Kind
    #: As kombu understands it.
    url: str
    #: Transport options that follow from the URL.
    options: dict[str, Any] = field(default_factory=dict)
    #: What `broker_use_ssl` is to be; None leaves it to the URL.
    tls: dict[str, Any] | None = None


#: Options of a URL, named as for Redis, and what py-amqp calls them.
_OF_TLS: Final = {"ssl_ca_certs": "ca_certs", "ssl_certfile": "certfile", "ssl_keyfile": "keyfile"}
_RABBITMQ: Final = ("amqp", "amqps", "pyamqp")


def read_broker(url: str) -> Broker:
    """Return the broker at a URL. Raises SettingsError."""
    scheme = url.partition("://")[0]
    if scheme == "amqps":
        return _of_rabbitmq(url)
    if scheme in _RABBITMQ:
        return Broker(Kind.RABBITMQ, url)
    if scheme in {"redis", "rediss", "redis+socket"}:
        return Broker(Kind.REDIS, url)
    if scheme in {"valkey", "valkeys", "sentinel", "sentinels", "cluster", "clusters"}:
        return _of_redis(read_redis_url(url, "broker.url"))
    return Broker(Kind.OTHER, url)


def _of_rabbitmq(url: str) -> Broker:
    """Return RabbitMQ behind TLS; left alone, py-amqp would take any name's certificate for the server's."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - _OF_TLS.keys()):
        known = ", ".join(sorted(_OF_TLS))
        raise SettingsError(f"broker.url: {unknown[0]} is no option of amqps; there is: {known}")
    tls = {_OF_TLS[name]: value for name, value in options.items()}
    checked = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname, **tls}
    return Broker(Kind.RABBITMQ, parts._replace(query="").geturl(), tls=checked)


def _of_redis(url: RedisUrl) -> Broker:
    if url.way is Way.CLUSTER:
        raise SettingsError(
            "broker.url: Celery has no broker on a Redis Cluster: "
            "name one Redis, sentinels or RabbitMQ; the store may be a cluster all the same"
        )
    if url.way is Way.DIRECT:
        return Broker(Kind.REDIS, url.plain)
    parts = urlsplit(url.plain)
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    hosts = (f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in url.nodes)
    tls = dict(parse_qsl(parts.query)) or {"ssl_cert_reqs": "required"} if parts.scheme == "rediss" else None
    asked = {**dict(url.login), **({"ssl": True, **tls} if tls else {})}
    return Broker(
        Kind.REDIS,
        ";".join(f"sentinel://{login}{each}{parts.path or '/0'}" for each in hosts),
        {"master_name": url.master, "sentinel_kwargs": {"socket_timeout": 5, **asked}},
        tls,
    )
