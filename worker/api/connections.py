"""Connections: the wires to the servers of all services of a process.

Kept while the server can be expected to keep them, and taken up again newest first, so that those in surplus
grow old and are closed. How many there are is bounded by who calls: a call in flight has one, and it is free
when the call is over.
"""

import asyncio
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import aiohappyeyeballs
import httpx

from worker.api.origin import Origin
from worker.api.wire import Answer, Broken, Late, Wire

#: How long a connection is kept without a call, in seconds.
# Shorter than what servers commonly grant an idle connection (5 s is the shortest usual one), so that it is
# us who close it: a request on a connection that the server just closed ends in doubt.
IDLE_S: Final = 4.0
#: When the next address of a name is tried beside one that is slow to answer (RFC 8305, section 5).
_NEXT_ADDRESS_S: Final = 0.25


class NotSent(Exception):
    """No connection was made, so nothing was sent."""


@dataclass(frozen=True, slots=True)
class _Kept:
    wire: Wire
    #: By the loop's clock, in seconds.
    since: float


class Server:
    """One server, over connections of its own; they belong to the loop in which they were made."""

    def __init__(self, origin: Origin, tls: ssl.SSLContext | None) -> None:
        """`tls` is what certificates are checked against; None speaks plain HTTP."""
        self._origin = origin
        self._tls = tls
        self._kept: deque[_Kept] = deque()
        self._ageing: asyncio.TimerHandle | None = None

    async def ask(
        self, request: bytes, *, within_s: float, connect_s: float, repeatable: bool = False
    ) -> Answer:
        """Make one call and return what was answered. Raises NotSent or Broken.

        Args:
            request: Its bytes, which are sent once.
            within_s: How long the whole call may take, in seconds; then it is `Late`.
            connect_s: How long a new connection may take, in seconds: finding the name, connecting and TLS.
            repeatable: Whether it may be sent a second time where a kept connection turns out to be closed.
                Never say so of what changes anything.
        """
        until = asyncio.get_running_loop().time() + within_s
        wire = self._take()
        if wire is not None:
            try:
                return await self._ask(wire, request, until)
            except Broken as broken:
                if not repeatable or broken.status or isinstance(broken, Late):
                    raise
        wire = await self._connect(connect_s)
        if not wire.free:
            raise NotSent("the server closed the connection at once")
        return await self._ask(wire, request, until)

    def close(self) -> None:
        """Close what is kept; another call opens it anew."""
        if self._ageing is not None:
            self._ageing.cancel()
            self._ageing = None
        while self._kept:
            self._kept.pop().wire.drop()

    async def _ask(self, wire: Wire, request: bytes, until: float) -> Answer:
        try:
            return await wire.ask(request, until=until)
        finally:
            if wire.free:
                self._keep(wire)
            else:
                # Also for a caller who was cancelled: the answer to this call may still come.
                wire.drop()

    def _take(self) -> Wire | None:
        """Return the connection that was used last, if it is fit to be used."""
        while self._kept:
            kept = self._kept.pop()
            if kept.wire.free and asyncio.get_running_loop().time() - kept.since < IDLE_S:
                return kept.wire
            kept.wire.drop()
        return None

    def _keep(self, wire: Wire) -> None:
        loop = asyncio.get_running_loop()
        self._kept.append(_Kept(wire, loop.time()))
        if self._ageing is None:
            self._ageing = loop.call_later(IDLE_S, self._close_old)

    def _close_old(self) -> None:
        loop = asyncio.get_running_loop()
        while self._kept and loop.time() - self._kept[0].since >= IDLE_S:
            self._kept.popleft().wire.drop()
        self._ageing = None
        if self._kept:
            self._ageing = loop.call_at(self._kept[0].since + IDLE_S, self._close_old)

    async def _connect(self, connect_s: float) -> Wire:
        try:
            async with asyncio.timeout(connect_s):
                return await self._connected()
        except (OSError, UnicodeError) as error:  # the latter for a name that no server can have
            named = f"{type(error).__name__}: {error}".rstrip(": ")
            raise NotSent(f"{_words(error)} ({named})") from error

    async def _connected(self) -> Wire:
        loop, origin = asyncio.get_running_loop(), self._origin
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        connected = await aiohappyeyeballs.start_connection(
            found, happy_eyeballs_delay=_NEXT_ADDRESS_S, interleave=1, loop=loop
        )
        try:
            _, wire = await loop.create_connection(
                Wire, sock=connected, ssl=self._tls, server_hostname=origin.host if self._tls else None
            )
        except BaseException:
            connected.close()  # uvloop leaves it open where TLS fails
            raise
        return wire


class Connections:
    """The servers of a process.

    TLS is always verified, against `SSL_CERT_FILE` or `SSL_CERT_DIR` where the operator set one. Nothing else
    is taken from the environment: neither a proxy nor a .netrc may change where calls and keys go.
    """

    def __init__(self) -> None:
        # Made here and not within the first call's time: it costs as much CPU as hundreds of calls.
        self._tls = httpx.create_ssl_context(trust_env=True)
        self._servers: list[Server] = []

    def to(self, origin: Origin) -> Server:
        """Return a server to call."""
        server = Server(origin, self._tls if origin.tls else None)
        self._servers.append(server)
        return server

    async def aclose(self) -> None:
        """Give the sockets back."""
        for server in self._servers:
            server.close()
        await asyncio.sleep(0)  # in which the loop lets go of them

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _words(error: OSError | UnicodeError) -> str:
    match error:
        case socket.gaierror() | UnicodeError():
            return "the host name leads nowhere"
        case ssl.SSLCertVerificationError():
            return "the server's certificate is not trusted"
        case ssl.SSLError():
            return "TLS could not be agreed"
        case TimeoutError():
            return "no connection was made in time"
        case _:
            return "no connection could be made"
