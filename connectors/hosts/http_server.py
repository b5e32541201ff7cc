"""The HTTP server: uvicorn as a guest in a running event loop, which keeps its own signal handlers."""

import asyncio
import contextlib
import socket

import uvicorn
from starlette.types import ASGIApp

from connectors.hosts.entrance import Entrance
from connectors.hosts.http_protocol import protocol
from connectors.hosts.rejections import Rejections
from worker.errors import SettingsError
from worker.settings import HttpSettings

# How long requests under way may take to end.
_GRACE_S = 10


class HttpServer:
    """A server that answers; `serve` makes it."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket) -> None:
        self._server = server
        self._listening = listening
        self._ticking = asyncio.create_task(server.main_loop())
        #: The port it listens on.
        self.port: int = listening.getsockname()[1]

    async def stop(self) -> None:
        """Accept nothing more, end what is under way, and return."""
        self._ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticking
        await self._server.shutdown(sockets=[self._listening])


async def serve(app: ASGIApp, settings: HttpSettings, rejections: Rejections) -> HttpServer:
    """Serve an application behind the entrance, on the running loop; port 0 takes a free one.

    Raises SettingsError.
    """
    listening = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        Entrance(app, rejections),
        http=protocol(settings, rejections.note_soon),
        log_config=None,
        # What it warns of is noted by our protocol, without a way to fill the log.
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # `Server.serve` would also take the process's signals; these are the steps it consists of.
    await server.startup(sockets=[listening])
    return HttpServer(server, listening)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"http: cannot listen on {host} port {port}: {error.strerror or error}"
        ) from error
    listening.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listening
