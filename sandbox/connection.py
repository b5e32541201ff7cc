"""Reaching the TCP connection from inside the application, so that a fault can really cut it."""

import asyncio
import socket
import struct
from typing import cast

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_KEY = "transport"
#: SO_LINGER on, zero seconds: closing sends a reset instead of a farewell.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Protocol(H11Protocol):
    """Uvicorn's HTTP protocol, which also lends its transport to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Put the transport where every request's scope gets it from."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _KEY: transport}


def abort(scope: Scope) -> None:
    """Cut the connection: the client sees a reset, and whatever was not sent yet is lost."""
    transport = _transport(scope)
    if transport.is_closing():
        return  # the client was faster; the file descriptor may be somebody else's by now
    connected: socket.socket = transport.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()


def close(scope: Scope) -> None:
    """Close the connection after what was already sent."""
    _transport(scope).close()


async def until_gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(scope: Scope) -> asyncio.Transport:
    transport = scope.get("state", {}).get(_KEY)
    if transport is None:
        # an in-process client has no connection to cut; it sees the exception instead
        raise ConnectionResetError("the sandbox cut the call")
    # uvloop's transports do what asyncio's do without being their subclasses
    return cast("asyncio.Transport", transport)
