"""The HTTP protocol: uvicorn's on h11, with a time limit for the head of a request and with our answers.

h11 is strict about what it takes for a request, which is worth more at a door to the Internet than speed.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Final, Protocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.hosts.answers import HttpAnswer
from connectors.hosts.body import WHOLE
from connectors.hosts.entrance import LINGER_S
from connectors.hosts.outgoing import Outgoing
from connectors.hosts.rejections import BUSY, MALFORMED, TOO_MANY_HEADERS, TOO_SLOW, Kind, Rejected

#: The states of a sender whose request has arrived; the latter asked for the connection to be closed.
_WHOLLY_HERE: Final = frozenset({h11.DONE, h11.MUST_CLOSE})
#: What h11 suggests when the head of a request is larger than it takes.
_TOO_LARGE_HEAD: Final = 431


class Limits(Protocol):
    """What one server takes."""

    @property
    def head_timeout_s(self) -> float:
        """How long the head of a request may take."""

    @property
    def max_connections(self) -> int:
        """How many connections are held."""


def protocol(limits: Limits, note: Callable[[Kind], None]) -> type[H11Protocol]:
    """Return the protocol of a server; `note` hears what is turned away."""

    class Bound(_CarefulProtocol):
        _limits = limits
        _note = staticmethod(note)

    return Bound


class _CarefulProtocol(H11Protocol):
    _limits: Limits
    _note: Callable[[Kind], None]
    _head_timer: asyncio.TimerHandle | None = None
    _is_parting = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = Outgoing(transport, self.loop)  # type: ignore[assignment] # as far as it is used
        if len(self.connections) > self._limits.max_connections:
            self._turn_away(BUSY)
            self.transport.close()
        else:
            self._await_head()

    def data_received(self, data: bytes) -> None:
        if self._is_parting:
            return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
            if self.conn.their_state in _WHOLLY_HERE:
                # The application begins in the next turn of the loop, and need not watch over the body.
                self.scope.setdefault(WHOLE, True)  # type: ignore[typeddict-item] # ours, beside ASGI's
        elif self._head_timer is None and not self.transport.is_closing():
            # The next request on a kept connection has begun.
            self._await_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - we have our own words
        # uvicorn calls this while it handles the error, and does not pass it on.
        error = sys.exception()
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 0
        self._turn_away(TOO_MANY_HEADERS if hint == _TOO_LARGE_HEAD else MALFORMED)

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head_timer = self.loop.call_later(self._limits.head_timeout_s, self._head_is_late)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.conn.trailing_data[0]:
            self._turn_away(TOO_SLOW)
        else:
            self.transport.close()

    def _turn_away(self, kind: Kind) -> None:
        self._note(kind)
        self._is_parting = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(_bytes(Rejected(kind).answer()))
        # What is still coming is thrown away for a while, see `entrance`.
        self._stop_waiting()
        self.loop.call_later(LINGER_S, self.transport.close)


def _bytes(answer: HttpAnswer) -> bytes:
    headers = (
        *answer.headers,
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        ("Connection", "close"),
    )
    lines = [f"HTTP/1.1 {answer.status} ", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode() + answer.body
