"""What reaches a server, byte for byte, and how often."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest

from worker.hooks.connections import Connections

Serve = Callable[..., AbstractAsyncContextManager[Any]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
WITH_COOKIE = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n{}"


async def _ask(connections: Connections, method: str, url: str) -> None:
    body = b"{}" if method == "POST" else None
    async with connections.session.request(method, url, data=body) as answer:
        await answer.read()


def _sent(serve: Serve, replies: list[Any], methods: list[str]) -> list[bytes]:
    async def run() -> list[bytes]:
        async with serve(*replies) as remote, Connections(in_flight=2) as connections:
            for method in methods:
                try:
                    await _ask(connections, method, remote.url)
                except aiohttp.ClientError:
                    continue
            return remote.requests

    return asyncio.run(run())


@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_post_is_never_repeated(serve: Serve, end: str) -> None:
    """A connection that breaks before the answer carried the POST once, on a fresh connection."""
    assert len(_sent(serve, [end], ["POST"])) == 1


@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_post_on_a_kept_connection_is_never_repeated(serve: Serve, end: str) -> None:
    """Nor is it repeated where an idle connection may have been closed under it."""
    assert len(_sent(serve, [OK, end, OK], ["POST", "POST"])) == 2


@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_get_is_repeated_once_at_most(serve: Serve, end: str) -> None:
    """A GET changes nothing, so aiohttp may try it a second time, and no more often."""
    assert len(_sent(serve, [end], ["GET"])) == 2


def test_connections_are_kept(serve: Serve) -> None:
    """Calls in a row share one connection: making one per call would cost more than the call."""

    async def run() -> int:
        async with serve(OK) as remote, Connections(in_flight=2) as connections:
            for _ in range(3):
                await _ask(connections, "POST", remote.url)
            return len(remote._writers)

    assert asyncio.run(run()) == 1


def test_cookies_are_not_kept(serve: Serve) -> None:
    """Calls do not influence each other: a cookie would travel from one service to another."""
    requests = _sent(serve, [WITH_COOKIE], ["POST", "POST"])
    assert len(requests) == 2
    assert b"cookie" not in requests[1].lower()


def test_the_environment_changes_no_route(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment does not get to see the key."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert len(_sent(serve, [OK], ["POST"])) == 1


def test_tls_is_verified() -> None:
    """Certificates and host names are checked."""

    async def run() -> ssl.SSLContext:
        async with Connections(in_flight=1) as connections:
            return connections.session.connector._ssl

    context = asyncio.run(run())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_there_is_room_for_every_call_in_flight(serve: Serve) -> None:
    """The pool holds as many connections as calls, so no call waits for a connection of another."""

    async def run() -> None:
        async with serve("hang") as remote, Connections(in_flight=8) as connections:
            calls = [asyncio.create_task(_ask(connections, "POST", remote.url)) for _ in range(8)]
            while len(remote.requests) < 8:
                remote.arrived.clear()
                await remote.arrived.wait()
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(run())


def test_closing_twice_is_harmless_and_reopens() -> None:
    """What was closed, or never used, can be closed; the next call opens it anew."""

    async def run() -> bool:
        connections = Connections(in_flight=1)
        await connections.aclose()
        first = connections.session
        await connections.aclose()
        again = connections.session
        await connections.aclose()
        return first.closed and again is not first

    assert asyncio.run(run())
