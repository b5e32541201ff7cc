"""What is written in one turn of the loop leaves in one piece, over real sockets."""

import asyncio
import socket
from collections.abc import Callable

from connectors.hosts.outgoing import FULL_BYTES, Outgoing


class Speaker(asyncio.Protocol):
    """Says something as soon as somebody connects."""

    def __init__(self, say: Callable[[Outgoing], None]) -> None:
        self._say = say

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak."""
        assert isinstance(transport, asyncio.Transport)
        self._say(Outgoing(transport, asyncio.get_running_loop()))


def heard(say: Callable[[Outgoing], None]) -> list[bytes]:
    """Return the packets in which a speaker's words arrive, by what each `recv` finds at first."""

    async def main() -> list[bytes]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Speaker(say), "127.0.0.1", 0)
        with socket.create_connection(server.sockets[0].getsockname()) as ear:
            ear.setblocking(False)  # noqa: FBT003 - the standard library's signature
            found = []
            while piece := await loop.sock_recv(ear, 1 << 20):
                found.append(piece)
        server.close()
        return found

    return asyncio.run(main())


def test_an_answer_leaves_in_one_piece() -> None:
    """Head and body are one packet, and closing sends what waits before it closes."""

    def say(outgoing: Outgoing) -> None:
        for piece in (b"head ", b"", b"body"):
            outgoing.write(piece)
        assert not outgoing.is_closing()
        asyncio.get_running_loop().call_later(0.01, outgoing.close)

    assert heard(say) == [b"head body"]


def test_nothing_is_lost_at_the_end() -> None:
    """What was written in the turn in which the connection ends is sent first."""

    def say(outgoing: Outgoing) -> None:
        outgoing.write(b"last words")
        outgoing.close()
        assert outgoing.is_closing()

    assert heard(say) == [b"last words"]


def test_an_answer_without_end_fills_the_transport() -> None:
    """A writer that never lets go of the loop is held back by the transport, not by our memory."""

    def say(outgoing: Outgoing) -> None:
        before = outgoing.get_write_buffer_size()
        for _ in range(200):
            outgoing.write(b"x" * FULL_BYTES)
        assert outgoing.get_write_buffer_size() > before
        outgoing.close()

    assert len(b"".join(heard(say))) == 200 * FULL_BYTES
