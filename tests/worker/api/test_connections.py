"""What reaches a server, and how often; which connections are kept; and when nothing was sent."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from worker.api.connections import Connections, NotSent, Server
from worker.api.origin import Origin
from worker.api.wire import Broken, Wire

Serve = Callable[..., AbstractAsyncContextManager[Any]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REQUEST = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"


async def _ask(server: Server, *, repeatable: bool = False) -> int:
    return (await server.ask(REQUEST, within_s=9, connect_s=5, repeatable=repeatable)).status


def _meet(serve: Serve, *replies: Any, calls: int, repeatable: bool = False) -> tuple[list[Any], int, int]:  # noqa: ANN401 - bytes, or how it ends
    """Return what became of so many calls, how many requests arrived, and over how many connections."""

    async def run() -> tuple[list[Any], int, int]:
        async with serve(*replies) as remote, Connections() as connections:
            server = connections.to(Origin.of(remote.url))
            seen: list[Any] = []
            for _ in range(calls):
                try:
                    seen.append(await _ask(server, repeatable=repeatable))
                except Broken:
                    seen.append("broken")
            return seen, len(remote.requests), len(remote._writers)

    return asyncio.run(run())


@pytest.mark.parametrize("end", ["reset", "close"])
@pytest.mark.parametrize("repeatable", [False, True])
def test_nothing_is_repeated_on_a_fresh_connection(serve: Serve, end: str, *, repeatable: bool) -> None:
    """A connection that breaks before the answer carried the request once."""
    assert _meet(serve, end, calls=1, repeatable=repeatable) == (["broken"], 1, 1)


def test_a_connection_that_ends_as_it_begins_carries_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cuts it before the request is written has certainly not got one."""
    connected = Server._connected

    async def cut(server: Server) -> Wire:
        wire = await connected(server)
        wire.drop()
        return wire

    monkeypatch.setattr(Server, "_connected", cut)
    with pytest.raises(NotSent, match="closed the connection at once"):
        _meet(serve, OK, calls=1)


@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_post_on_a_kept_connection_is_never_repeated(serve: Serve, end: str) -> None:
    """Although an idle connection may just have been closed under it: it may also have taken effect."""
    assert _meet(serve, OK, end, OK, calls=2) == ([200, "broken"], 2, 1)


@pytest.mark.parametrize("end", ["reset", "close"])
def test_what_changes_nothing_is_repeated_once_on_a_fresh_connection(serve: Serve, end: str) -> None:
    """A look that broke on a kept connection is tried a second time, and no more often."""
    assert _meet(serve, OK, end, OK, calls=2, repeatable=True) == ([200, 200], 3, 2)
    assert _meet(serve, OK, end, end, OK, calls=2, repeatable=True) == ([200, "broken"], 3, 2)


def test_an_answer_that_began_is_not_asked_for_again(serve: Serve) -> None:
    """A half answer is an answer: the server was there."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}<close>"
    assert _meet(serve, OK, half, OK, calls=2, repeatable=True) == ([200, "broken"], 2, 1)


def test_connections_are_kept(serve: Serve) -> None:
    """Calls in a row share one connection: making one per call would cost more than the call."""
    assert _meet(serve, OK, calls=3) == ([200, 200, 200], 3, 1)


def test_calls_at_the_same_time_have_a_connection_each(serve: Serve) -> None:
    """None waits for a connection of another."""

    async def run() -> None:
        async with serve("hang") as remote, Connections() as connections:
            server = connections.to(Origin.of(remote.url))
            calls = [asyncio.create_task(_ask(server)) for _ in range(8)]
            while len(remote.requests) < 8:
                remote.arrived.clear()
                await remote.arrived.wait()
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(run())


def test_the_connection_of_a_cancelled_call_is_not_used_again(serve: Serve) -> None:
    """Its answer may still come, and would be taken for the next one's."""

    async def run() -> tuple[int, int]:
        async with serve("hang", OK) as remote, Connections() as connections:
            server = connections.to(Origin.of(remote.url))
            call = asyncio.create_task(_ask(server))
            await remote.arrived.wait()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            return await _ask(server), len(remote._writers)

    assert asyncio.run(run()) == (200, 2)


def test_an_idle_connection_is_closed_by_us(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the server does, whoever was used since: what the server just closed ends in doubt."""

    async def run() -> None:
        async with serve(OK) as remote, Connections() as connections:
            monkeypatch.setattr("worker.api.connections.IDLE_S", 0.05)
            server = connections.to(Origin.of(remote.url))
            await asyncio.gather(_ask(server), _ask(server))
            assert len(server._kept) == 2
            while server._kept:  # noqa: ASYNC110 - it is the timer that is waited for
                await asyncio.sleep(0.01)
            assert server._ageing is None
            assert await _ask(server) == 200
            assert len(remote._writers) == 3

    asyncio.run(run())


def test_a_connection_that_is_too_old_is_not_taken(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the loop had no time yet to close it."""

    async def run() -> int:
        async with serve(OK) as remote, Connections() as connections:
            server = connections.to(Origin.of(remote.url))
            await _ask(server)
            monkeypatch.setattr("worker.api.connections.IDLE_S", 0.0)
            await _ask(server)
            return len(remote._writers)

    assert asyncio.run(run()) == 2


def test_a_name_that_no_server_can_have_reached_nobody() -> None:
    """Neither did a call to where nobody listens, nor one that had no time to connect."""

    async def run(origin: Origin, connect_s: float) -> str:
        async with Connections() as connections:
            with pytest.raises(NotSent) as caught:
                await connections.to(origin).ask(REQUEST, within_s=9, connect_s=connect_s)
            return str(caught.value)

    def said(host: str, connect_s: float = 5) -> str:
        return asyncio.run(run(Origin(host, 1, tls=False, authority=host, path=""), connect_s))

    assert said("a" * 64).startswith("the host name leads nowhere")
    assert said("127.0.0.1").startswith("no connection could be made")
    assert said("127.0.0.1", 0).startswith("no connection was made in time")


def test_the_environment_changes_no_route(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment does not get to see the key."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert _meet(serve, OK, calls=1) == ([200], 1, 1)


def test_tls_is_verified() -> None:
    """Certificates and host names are checked, wherever TLS is spoken."""
    connections = Connections()
    context = connections.to(Origin.of("https://host"))._tls
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert connections.to(Origin.of("http://host"))._tls is None


def test_closing_twice_is_harmless_and_reopens(serve: Serve) -> None:
    """What was closed, or never used, can be closed; the next call opens it anew."""

    async def run() -> int:
        async with serve(OK) as remote:
            connections = Connections()
            await connections.aclose()
            server = connections.to(Origin.of(remote.url))
            await _ask(server)
            await connections.aclose()
            await connections.aclose()
            await _ask(server)
            await connections.aclose()
            return len(remote._writers)

    assert asyncio.run(run()) == 2
