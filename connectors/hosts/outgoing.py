"""Outgoing: what a server writes in one turn of the loop leaves in one piece.

uvicorn writes the head of an answer, its body and its end one by one, and each would be a system call, a
packet and a wake-up of whoever waits for it.
"""

import asyncio
from typing import Any, Final

#: So many bytes do not wait for the end of the turn: an answer without end must fill the transport, not us.
FULL_BYTES: Final = 64 * 1024


class Outgoing:
    """A transport as its protocol sees it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Send this with what else is written in this turn of the loop, in order."""
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= FULL_BYTES:
            self._send()

    def close(self) -> None:
        """Close the transport once everything was sent."""
        self._send()
        self._transport.close()

    def is_closing(self) -> bool:
        """Say whether nothing more can be sent."""
        return self._transport.is_closing()

    def _send(self) -> None:
        waiting, self._waiting, self._size = self._waiting, [], 0
        if waiting:
            self._transport.writelines(waiting)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the transport's
        return getattr(self._transport, name)
