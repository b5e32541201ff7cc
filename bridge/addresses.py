"""Addresses: ports that are free, and questions put to whoever listens there."""

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from typing import Final

from worker.errors import SettingsError

_PATIENCE_S: Final = 2.0


def choose_ports(wanted: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    """Return a port for each name: the wanted one, or a free one for 0. Raises SettingsError if one is taken.

    All are held until all are chosen, so that no two are the same.
    """
    with contextlib.ExitStack() as held:
        return {name: _choose(held, name, host, port) for name, (host, port) in wanted.items()}


def reachable(host: str) -> str:
    """Return the host under which this machine reaches a listener on `host`, fit for a URL."""
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host


async def answers_ok(host: str, port: int, path: str) -> bool:
    """Say whether a GET of `path` is answered by a 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {reachable(host)}\r\nConnection: close\r\n\r\n"
    return (await _ask(host, port, request.encode())).split(b" ")[1:2] == [b"200"]


async def greets(host: str, port: int) -> bool:
    """Say whether an SMTP server greets."""
    return (await _ask(host, port, b"QUIT\r\n")).startswith(b"220")


async def _ask(host: str, port: int, request: bytes) -> bytes:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_connection(reachable(host).strip("[]"), port)
            try:
                writer.write(request)
                return await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return b""


def _option(name: str) -> str:
    """Return how a port is chosen: those for metrics stand in the settings alone."""
    return "[metrics] of the settings" if name.endswith(" metrics") else f"--{name} PORT"


def _choose(held: contextlib.ExitStack, name: str, host: str, port: int) -> int:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = held.enter_context(socket.socket(family, kind, protocol))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise SettingsError(
            f"the {name} door cannot have port {port} of {host}: {error.strerror}; "
            f"choose another one with {_option(name)} (0 takes a free one)"
        ) from error
    chosen: int = listener.getsockname()[1]
    return chosen
