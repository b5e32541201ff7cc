"""The entrance: what every request to the HTTP server goes through, whatever it asks for.

Going in: headers that no application should see. Going out: a connection whose request was not read to its
end. Closing that at once would make the system tell the sender "connection reset", and throw away the answer
before it was read (RFC 9112, section 9.6); keeping it would let a sender drip bytes for ever. So the answer
goes out, what still comes is thrown away for a short while, and then the connection ends.
"""

import asyncio
import contextlib
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.hosts.answers import HttpAnswer
from connectors.hosts.rejections import AMBIGUOUS, TOO_MANY_HEADERS, Kind, Rejected, Rejections

#: Headers of one request, and the bytes of its path, query and headers together.
MAX_HEADERS: Final = 100
MAX_HEAD_BYTES: Final = 16 * 1024
#: How long, and for how many bytes, a sender that has its answer is listened to.
LINGER_S: Final = 1.0
LINGER_BYTES: Final = 16 * 1024 * 1024

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_NO_CONTENT: Final = 204


class Entrance:
    """An ASGI application that stands before another one."""

    def __init__(self, app: ASGIApp, rejections: Rejections) -> None:
        self._app = app
        self._rejections = rejections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        framing, size, waits = _measured(scope)
        unfit = _unfit(scope, framing, size)
        if framing and framing != [(b"content-length", b"0")]:
            exchange = _Exchange(receive, send, waits=waits)
            receive, send = exchange.read, exchange.say
        if unfit is None:
            await self._app(scope, receive, send)
        else:
            await self._rejections.note(unfit)
            await send_answer(Rejected(unfit).answer(), send)


def _measured(scope: Scope) -> tuple[list[tuple[bytes, bytes]], int, bool]:
    """Return what says where a body ends, the size of the head, and whether the body waits to be asked for.

    In one look at the headers, because every request comes by here.
    """
    framing, waits = [], False
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    for header in scope["headers"]:
        name, value = header
        size += len(name) + len(value)
        if name in _FRAMING:
            framing.append(header)
        elif name == b"expect":
            waits = True
    return framing, size, waits


def _unfit(scope: Scope, framing: list[tuple[bytes, bytes]], size: int) -> Kind | None:
    """Say what is wrong with a request's headers as a whole."""
    if len(scope["headers"]) > MAX_HEADERS or size > MAX_HEAD_BYTES:
        return TOO_MANY_HEADERS
    # Two lengths, or chunks in a version that has none: a proxy may have seen another end of this request,
    # and another beginning of the next one (request smuggling, RFC 9112, sections 6.1 and 11.2).
    old = scope.get("http_version") == "1.0" and any(name == b"transfer-encoding" for name, _ in framing)
    return AMBIGUOUS if len(framing) > 1 or old else None


class _Exchange:
    """One request with a body, and its answer."""

    __slots__ = ("_asked", "_receive", "_send", "_unread", "_waits")

    def __init__(self, receive: Receive, send: Send, *, waits: bool) -> None:
        self._receive = receive
        self._send = send
        self._unread = True
        # The sender keeps its body back until it is asked for it, and reading asks (100 Continue).
        self._waits = waits
        self._asked = False

    async def read(self) -> Message:
        self._asked = True
        message = await self._receive()
        self._unread = message.get("more_body", False)
        return message

    async def say(self, message: Message) -> None:
        if self._unread:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            elif not message.get("more_body", False) and (self._asked or not self._waits):
                await self._send({**message, "more_body": True})
                await self._linger()
                message = {"type": "http.response.body"}
        await self._send(message)

    async def _linger(self) -> None:
        """Throw away what is still coming."""
        left = LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while left > 0 and self._unread:
                    left -= len((await self.read()).get("body", b""))


async def send_answer(answer: HttpAnswer, send: Send) -> None:
    """Send an answer."""
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    body = answer.body
    if answer.status == _NO_CONTENT:
        body = b""  # neither a body nor its length: RFC 9110, section 15.3.5
    else:
        headers.append((b"content-type", answer.content_type.encode()))
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
