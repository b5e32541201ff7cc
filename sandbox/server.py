"""The sandbox as a process: listens, says so in one line, and leaves promptly when asked to."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from sandbox.app import create_app
from sandbox.connection import Protocol
from sandbox.patience import Patience
from sandbox.settings import Settings

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BACKLOG = 2048
#: Longer than any client keeps an idle connection, so that it is never the sandbox that races it.
_KEEP_ALIVE_S = 120


class Server(uvicorn.Server):
    """Uvicorn, for which a signal to stop is a normal end, and which can refuse connections for a time."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._patience = Patience()
        self._listening = listening
        config = uvicorn.Config(
            create_app(settings, patience=self._patience, listener=self),
            http=Protocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal; unlike uvicorn, do not die of it afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections, then say so."""
        await super().startup(sockets)
        host, port, *_ = self._listening.getsockname()
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"sandbox listening on http://{shown}:{port}\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Release the calls that faults hold up, then close."""
        self._patience.end()
        await super().shutdown(sockets)
        self._listening.close()

    def refuse(self) -> None:
        """Stop listening; calls under way come to their end, then their connections close."""
        address = self._listening.getsockname()
        for server in self.servers:
            server.close()
        self._listening.close()
        self._listening = _held(address)
        for connection in list(self.server_state.connections):
            connection.shutdown()

    async def accept(self) -> None:
        """Listen again, at the same address."""
        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_server(self._protocol, sock=self._listening, backlog=_BACKLOG)]

    def _protocol(self) -> Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)


def serve(settings: Settings) -> None:
    """Run a sandbox in the main thread until SIGINT or SIGTERM; OSError if it cannot listen."""
    address = (settings.host, settings.port)
    with socket.create_server(address, family=family(settings.host), backlog=_BACKLOG) as listening:
        Server(settings, listening).run([listening])


def _held(address: tuple[str, int]) -> socket.socket:
    # bound, so that nobody else takes the port, but not listening: that is what refuses connections
    held = socket.socket(family(address[0]))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(address)
    return held


def family(host: str) -> socket.AddressFamily:
    """The address family of a host to listen on."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET
