"""The sandbox as a process: listens, says so in one line, and leaves promptly when asked to."""

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
    """Uvicorn, for which a signal to stop is a normal end, and which says where it listens."""

    def __init__(self, config: uvicorn.Config, patience: Patience) -> None:
        super().__init__(config)
        self._patience = patience

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
        for listener in sockets or []:
            host, port, *_ = listener.getsockname()
            shown = f"[{host}]" if ":" in host else host
            sys.stdout.write(f"sandbox listening on http://{shown}:{port}\n")
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Release the calls that faults hold up, then close."""
        self._patience.end()
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Run a sandbox in the main thread until SIGINT or SIGTERM; OSError if it cannot listen."""
    patience = Patience()
    address = (settings.host, settings.port)
    with socket.create_server(address, family=family(settings.host), backlog=_BACKLOG) as listener:
        config = uvicorn.Config(
            create_app(settings, patience=patience),
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
        Server(config, patience).run([listener])


def family(host: str) -> socket.AddressFamily:
    """The address family of a host to listen on."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET
