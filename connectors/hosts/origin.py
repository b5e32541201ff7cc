"""Origin: where a request came from and which URL its sender knows, as far as anybody's word can be believed.

Headers that a proxy adds are worth something only if a proxy of ours added them; from anybody else they are
taken away, so that nobody can claim an address. What a proxy says of a client's certificate is judged by the
scheme that rests on it, which is told who connected.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from connectors.headers import Headers
from worker.settings import HttpSettings

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: What proxies say about the request they pass on: RFC 7239, and customs.
FORWARDED: Final = frozenset(
    {
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-real-ip",
    }
)
_FORWARDED: Final = frozenset(name.encode() for name in FORWARDED)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is believed of one request."""

    headers: Headers
    #: The network address it came from, empty where the server does not know.
    peer: str
    #: The network address that connected to us: the peer's, or that of the nearest proxy.
    via: str
    #: The URL as its sender knows it, with its query.
    url: str


class Believer:
    """Decides whose word is believed."""

    def __init__(self, settings: HttpSettings) -> None:
        self._public_url = settings.public_url
        self._proxies: tuple[_Network, ...] = settings.trusted_proxies

    def origin(self, scope: Scope) -> Origin:
        """Return what is believed of a request."""
        client = scope.get("client")
        via: str = client[0] if client else ""
        trusted = self._trusts(via)
        headers = Headers(
            [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in scope["headers"]
                if trusted or name.lower() not in _FORWARDED
            ]
        )
        return Origin(
            headers=headers,
            peer=self._first_stranger(headers, via) if trusted else via,
            via=via,
            url=self._url(scope, headers, trusted=trusted),
        )

    def _trusts(self, peer: str) -> bool:
        if not self._proxies:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _first_stranger(self, headers: Headers, peer: str) -> str:
        """Return the last address on the way to us that is no proxy of ours; before that is hearsay."""
        for hop in reversed(_list(headers.all("x-forwarded-for"))):
            if not _is_address(hop):
                return peer
            peer = hop
            if not self._trusts(hop):
                return peer
        return peer

    def _url(self, scope: Scope, headers: Headers, *, trusted: bool) -> str:
        base = self._public_url
        if not base:
            scheme = (trusted and _last(headers, "x-forwarded-proto")) or scope.get("scheme", "http")
            host = (trusted and _last(headers, "x-forwarded-host")) or headers.first("host")
            base = f"{scheme}://{host}"
        path: bytes = scope.get("raw_path") or b""
        query: bytes = scope.get("query_string") or b""
        return f"{base}{path.decode('latin-1')}{'?' if query else ''}{query.decode('latin-1')}"


def _list(values: Iterable[str]) -> list[str]:
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _last(headers: Headers, name: str) -> str:
    return next(reversed(_list(headers.all(name))), "")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
