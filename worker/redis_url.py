"""Redis URLs: one form for each way Redis is run, for the store and for the broker.

`redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `unix://PATH`
`sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT],…/NAME[/DATABASE]`, NAME is what they call the master
`cluster://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT],…`

An `s` at the end of the scheme means TLS with the certificate checked; `valkey` may be written for `redis`.
Options follow a `?` and are redis-py's (`ssl_ca_certs=…`); the sentinels' own login is `sentinel_username`,
`sentinel_password`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from worker.errors import SettingsError

_REDIS_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_AUTHORITY_END: Final = re.compile("[/?#]")
_OF_SENTINELS: Final = ("sentinel_username", "sentinel_password")


class Way(StrEnum):
    """How a Redis is found."""

    #: One server, wherever its address leads.
    DIRECT = "direct"
    #: Whichever server the sentinels call the master.
    SENTINEL = "sentinel"
    #: The node that has a key's slot.
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """What a URL says."""

    way: Way
    #: A URL that redis-py understands, with login, database and options; its host is the first node.
    plain: str
    #: The sentinels, or the nodes to ask first; empty for one server.
    nodes: tuple[tuple[str, int], ...] = ()
    #: What the sentinels call the master.
    master: str = ""
    #: The login at the sentinels themselves: `username`, `password`.
    login: tuple[tuple[str, str], ...] = ()


_SCHEMES: Final = {
    "redis": (Way.DIRECT, "redis"),
    "rediss": (Way.DIRECT, "rediss"),
    "valkey": (Way.DIRECT, "redis"),
    "valkeys": (Way.DIRECT, "rediss"),
    "unix": (Way.DIRECT, "unix"),
    "sentinel": (Way.SENTINEL, "redis"),
    "sentinels": (Way.SENTINEL, "rediss"),
    "cluster": (Way.CLUSTER, "redis"),
    "clusters": (Way.CLUSTER, "rediss"),
}


def read_redis_url(url: str, setting: str) -> RedisUrl:
    """Return what a URL of a setting says. Raises SettingsError, never with a password in it."""
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES:
        known = ", ".join(f"{each}://" for each in _SCHEMES)
        raise SettingsError(f"{setting} does not begin with a scheme of Redis: it must be one of {known}")
    way, plain = _SCHEMES[scheme]
    if way is Way.DIRECT:
        return RedisUrl(way, f"{plain}://{rest}")
    # Several hosts are no authority (RFC 3986), and newer Pythons say so: what follows is read without them.
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    parts = urlsplit(f"{plain}://node{rest[len(authority) :]}")
    login, _, hosts = authority.rpartition("@")
    nodes = tuple(_node(each, way, setting) for each in hosts.split(","))
    master, _, database = parts.path.strip("/").partition("/")
    if way is Way.CLUSTER and master:
        raise SettingsError(f"{setting}: a cluster has no databases, so nothing may stand behind its nodes")
    if way is Way.SENTINEL and not master:
        raise SettingsError(f"{setting}: the master's name is missing: sentinel://HOST,HOST,HOST/NAME")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    of_sentinels = [name for name in _OF_SENTINELS if name in options]
    asked = tuple((name.removeprefix("sentinel_"), options.pop(name)) for name in of_sentinels)
    netloc = f"{login}@{_written(*nodes[0])}" if login else _written(*nodes[0])
    query = f"?{urlencode(options)}" if options else ""
    path = f"/{database}" if database else ""
    return RedisUrl(way, f"{plain}://{netloc}{path}{query}", nodes, master, asked)


def _node(written: str, way: Way, setting: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{written}")
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"{setting}: {written!r} is not HOST or HOST:PORT") from error
    if not parts.hostname:
        raise SettingsError(f"{setting}: a host is missing; several stand beside each other with commas")
    return parts.hostname, port or (_SENTINEL_PORT if way is Way.SENTINEL else _REDIS_PORT)


def _written(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
