"""Proxy: a small TCP proxy for each link between two parts, which can cut, delay and stall it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

_CHUNK: Final = 64 * 1024
#: SO_LINGER on, zero seconds: closing sends a reset instead of a farewell.
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
#: Opens a connection to what stands behind the link.
Dial = Callable[[], Awaitable[Streams]]
#: Makes what the far side says into what the near side hears, piece by piece.
Rewrite = Callable[[bytes], bytes]


def to_port(port: int) -> Dial:
    """Return how a TCP port of this machine is reached."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def to_socket(path: str) -> Dial:
    """Return how a unix socket is reached."""
    return lambda: asyncio.open_unix_connection(path)


class Way(Protocol):
    """What leads from one part to another, however many connections and servers that is."""

    async def cut(self, for_s: float) -> None:
        """Reset every connection, and each new one for a time."""

    async def stall(self, for_s: float) -> None:
        """Let nothing through for a time; what a sender gives up meanwhile never arrives."""

    async def delay(self, for_s: float, by_s: float) -> None:
        """Let everything arrive later for a time."""

    async def close(self) -> None:
        """Cut everything for good."""


class Link:
    """One way between two parts; its port stays the same whatever happens to it."""

    def __init__(self, dial: Dial, *, rewrite: Rewrite = bytes) -> None:
        self._dial = dial
        self._rewrite = rewrite
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._cut = False
        self.delay_s = 0.0
        self.port = 0

    async def listen(self) -> None:
        """Begin to let connections through, at a free port."""
        self._server = await asyncio.start_server(self._let_through, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self, for_s: float) -> None:
        """See `Way.cut`."""
        self._cut = True
        for writer in list(self._open):
            _reset(writer)
        await asyncio.sleep(for_s)
        self._cut = False

    async def stall(self, for_s: float) -> None:
        """See `Way.stall`."""
        self._flowing.clear()
        await asyncio.sleep(for_s)
        self._flowing.set()

    async def delay(self, for_s: float, by_s: float) -> None:
        """See `Way.delay`."""
        self.delay_s = by_s
        await asyncio.sleep(for_s)
        self.delay_s = 0.0

    async def close(self) -> None:
        """See `Way.close`."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            _reset(writer)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            if self._cut:
                return
            begun = b"" if self._flowing.is_set() else await self._held(reader, b"")
            if begun is not None:
                await self._connect(reader, writer, begun)
        except (OSError, asyncio.CancelledError):
            return  # nobody is there, or the run is over: the caller is reset
        finally:
            _reset(writer)
            self._open.discard(writer)
            self._tasks.discard(task)  # type: ignore[arg-type]  # None was never added

    async def _connect(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: bytes
    ) -> None:
        far_reader, far_writer = await self._dial()
        self._open.add(far_writer)
        far_writer.write(begun)
        ways = [
            asyncio.create_task(self._pump(reader, far_writer, bytes)),
            asyncio.create_task(self._pump(far_reader, writer, self._rewrite)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            # what is on its way in the other direction gets a moment, as on a wire
            await asyncio.wait(ways, timeout=0.2)
        finally:
            for way in ways:
                way.cancel()
            _reset(far_writer)
            self._open.discard(far_writer)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rewrite: Rewrite
    ) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(_CHUNK):
                whole = content if self._flowing.is_set() else await self._held(reader, content)
                if whole is None:
                    return
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(rewrite(whole))
                await writer.drain()
            if self._flowing.is_set() and writer.can_write_eof():
                writer.write_eof()

    async def _held(self, reader: asyncio.StreamReader, begun: bytes) -> bytes | None:
        """Return what came up to the end of the stall; None when its sender left before that."""
        parts, flowing = [begun], asyncio.create_task(self._flowing.wait())
        more = asyncio.create_task(reader.read(_CHUNK))
        try:
            while not flowing.done():
                await asyncio.wait((flowing, more), return_when=asyncio.FIRST_COMPLETED)
                if more.done():
                    if not (content := more.result()):
                        return None
                    parts.append(content)
                    more = asyncio.create_task(reader.read(_CHUNK))
            return b"".join(parts)
        finally:
            # a read that is cancelled while it waits has taken nothing
            more.cancel()
            flowing.cancel()


class Bundle:
    """Several links that are one way: what happens to it happens to each."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = links

    async def cut(self, for_s: float) -> None:
        """See `Way.cut`."""
        await asyncio.gather(*(link.cut(for_s) for link in self._links))

    async def stall(self, for_s: float) -> None:
        """See `Way.stall`."""
        await asyncio.gather(*(link.stall(for_s) for link in self._links))

    async def delay(self, for_s: float, by_s: float) -> None:
        """See `Way.delay`."""
        await asyncio.gather(*(link.delay(for_s, by_s) for link in self._links))

    async def close(self) -> None:
        """See `Way.close`."""
        await asyncio.gather(*(link.close() for link in self._links))


def _reset(writer: asyncio.StreamWriter) -> None:
    if writer.transport.is_closing():
        return
    connected: socket.socket | None = writer.transport.get_extra_info("socket")
    if connected is not None and connected.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
