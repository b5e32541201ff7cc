"""Free ports, and who answers on them."""

import asyncio
import socket

import pytest

from bridge.addresses import answers_ok, choose_ports, greets, reachable
from worker.errors import SettingsError


def test_free_ports_differ() -> None:
    """Ports that are chosen together are never the same."""
    chosen = choose_ports(dict.fromkeys(("http", "smtp", "sandbox"), ("127.0.0.1", 0)))
    assert len(set(chosen.values())) == 3
    assert 0 not in chosen.values()


def test_a_taken_port_is_said_with_its_option() -> None:
    """Who meets a port in use is told how to choose another one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"port {port} of 127\.0\.0\.1: .*--http PORT"):
            choose_ports({"http": ("127.0.0.1", port)})


@pytest.mark.parametrize(
    ("bound", "asked"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("example.org", "example.org")],  # noqa: S104 - nothing is bound here
)
def test_a_listener_is_asked_where_it_can_be_reached(bound: str, asked: str) -> None:
    """Addresses that mean "all of them" are no addresses to connect to."""
    assert reachable(bound) == asked


def test_only_the_right_answer_counts() -> None:
    """A 200 and an SMTP greeting count; another status, another greeting and nobody at all do not."""

    async def ask() -> list[bool]:
        ok, port = await _server(b"HTTP/1.1 200 OK\r\n\r\n")
        busy, busy_port = await _server(b"HTTP/1.1 503 Come again\r\n\r\n")
        mail, mail_port = await _server(b"220 hello\r\n")
        async with ok, busy, mail:
            heard = [await answers_ok("127.0.0.1", each, "/") for each in (port, busy_port, mail_port)]
            heard += [await greets("127.0.0.1", each) for each in (mail_port, port)]
        return [*heard, await greets("127.0.0.1", mail_port)]

    assert asyncio.run(ask()) == [True, False, False, True, False, False]


async def _server(answer: bytes) -> tuple[asyncio.Server, int]:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]
