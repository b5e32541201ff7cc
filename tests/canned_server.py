"""A server with canned answers on a real socket."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal

#: What is written to the socket, or how the connection ends instead. A trailing `b"<close>"` closes it after.
Reply = bytes | Literal["reset", "close", "hang"]


class Remote:
    """Answers the n-th request with the n-th reply, the last one for ever, and keeps what it was sent."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.requests: list[bytes] = []
        self.arrived = asyncio.Event()
        self.url = ""
        self._replies = replies
        self._over = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._conversations: list[asyncio.Task[None]] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one connection until either side ends it."""
        self._writers.append(writer)
        self._conversations.append(asyncio.current_task())
        try:
            while await self._answer(await self._request(reader), writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def leave(self) -> None:
        """End every conversation and give the sockets back."""
        self._over.set()
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*self._conversations)
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return head + await reader.readexactly(length)

    async def _answer(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(request)
        self.arrived.set()
        reply = self._replies[min(len(self.requests), len(self._replies)) - 1]
        if reply == "hang":
            await self._over.wait()
        elif reply == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif reply != "close":
            writer.write(reply.removesuffix(b"<close>"))
            await writer.drain()
            return not reply.endswith(b"<close>")
        return False


Serve = Callable[..., AbstractAsyncContextManager[Remote]]


@asynccontextmanager
async def serve(*replies: Reply) -> AsyncIterator[Remote]:
    """Open a remote that gives these replies."""
    remote = Remote(replies)
    server = await asyncio.start_server(remote.meet, "127.0.0.1", 0)
    remote.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/nexus/v3"
    try:
        yield remote
    finally:
        server.close()
        await remote.leave()
        await server.wait_closed()
