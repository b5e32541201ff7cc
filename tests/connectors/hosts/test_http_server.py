"""The HTTP server as a guest in a loop."""

import asyncio
import signal
import socket
import time
from collections.abc import Coroutine

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from connectors.hosts.http_server import HttpServer, serve
from connectors.hosts.rejections import Rejections
from tests.connectors.conftest import RecordingDoor
from worker.errors import SettingsError
from worker.settings import HttpSettings


async def hello(request: Request) -> PlainTextResponse:
    """Answer with the peer's word about itself."""
    return PlainTextResponse(request.client.host if request.client else "")


APP = Starlette(routes=[Route("/", hello)])


def start(host: str = "127.0.0.1", port: int = 0) -> Coroutine[None, None, HttpServer]:
    """Serve it."""
    return serve(APP, HttpSettings(host=host, port=port), Rejections(RecordingDoor(), time.monotonic))


def test_it_serves_until_it_is_stopped() -> None:
    """A free port is taken and told; after the end nobody answers there."""

    async def main() -> None:
        server = await start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
            response = await client.get("/", headers={"X-Forwarded-For": "198.51.100.1"})
            assert response.text == "127.0.0.1"
            assert "server" not in response.headers
        await server.stop()
        with pytest.raises(OSError, match="onnect"):
            await asyncio.open_connection("127.0.0.1", server.port)

    asyncio.run(main())


def test_signals_stay_with_the_process() -> None:
    """Whoever handles the process's signals still does while a server runs."""

    async def main() -> None:
        before = signal.getsignal(signal.SIGTERM)
        server = await start()
        assert signal.getsignal(signal.SIGTERM) is before
        await server.stop()

    asyncio.run(main())


def test_two_servers_share_a_loop() -> None:
    """Several servers run side by side, also on IPv6 where there is any."""

    async def main() -> None:
        hosts = ["127.0.0.1", "::1"] if socket.has_ipv6 else ["127.0.0.1"]
        servers = [await start(host) for host in hosts]
        assert all(server.port for server in servers)
        await asyncio.gather(*(server.stop() for server in servers))

    asyncio.run(main())


def test_a_taken_port_is_a_wrong_setting() -> None:
    """A port that is in use is reported as the setting it is."""
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(SettingsError, match="http: cannot listen"),
    ):
        asyncio.run(start(port=other.getsockname()[1]))
