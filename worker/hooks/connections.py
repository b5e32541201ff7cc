"""Connections: the sockets to subscribers, one pool for all subscriptions of a process.

aiohttp carries them: the address may be a stranger's, so it is checked where the socket is made, and there
are too few calls for their price to matter (docs/decisions/0037-a-call-over-our-own-connections.md).
"""

import math
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp
import httpx

from worker.api.connections import IDLE_S
from worker.sockets import AddressInfo

# Room beside the drain's calls: to wait for a connection would count as not being connected in time.
_SPARE_CONNECTIONS = 16


class Connections:
    """The pool that all subscriptions of a process share; it belongs to the loop of its first call.

    TLS is always verified, against `SSL_CERT_FILE` or `SSL_CERT_DIR` where the operator set one. Nothing else
    is taken from the environment: neither a proxy nor a .netrc may change where calls and keys go.
    """

    def __init__(
        self, *, in_flight: int, sockets: Callable[[AddressInfo], socket.socket] | None = None
    ) -> None:
        """`in_flight` is how many calls are made at once; `sockets` makes only those that are allowed."""
        self._sockets = sockets
        self._limit = in_flight + _SPARE_CONNECTIONS
        # Made here and not within the first call's time: it costs as much CPU as hundreds of calls.
        self._tls = httpx.create_ssl_context(trust_env=True)
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, made when it is first asked for: it takes the loop that runs then."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=self._limit,
                keepalive_timeout=IDLE_S,
                ssl=self._tls,
                socket_factory=self._sockets,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                # Cookies would travel between calls, and between services of one host.
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                # Without a body it would claim application/octet-stream, which strict servers refuse.
                skip_auto_headers=["Content-Type"],
            )
        return self._session

    async def aclose(self) -> None:
        """Give the sockets back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def connect_within(limit_s: float) -> aiohttp.ClientTimeout:
    """Return the time-out of waiting for a connection, finding the name, connecting and TLS, in all."""
    # aiohttp rounds long time-outs up to whole seconds unless told not to, and that could outlast the call's
    # own deadline.
    return aiohttp.ClientTimeout(total=None, connect=limit_s, ceil_threshold=math.inf)
