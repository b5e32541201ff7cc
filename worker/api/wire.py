"""Wire: one connection to a server, and one call on it at a time (RFC 9112).

A request is written once, in one piece, and by nobody else: that a POST leaves at most once is seen here at a
glance. The answer is read by llhttp, the parser of Node.js.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: More than this of a body is not read.
LONGEST_BODY: Final = 1024 * 1024
_LONGEST_HEAD: Final = 16 * 1024
_NOT_HTTP: Final = "the answer is not HTTP"


class Broken(Exception):
    """The call broke after its request, or a part of it, may have been sent."""

    def __init__(self, words: str, *, status: int | None = None) -> None:
        super().__init__(words)
        #: The answer's status, where its head was read to the end.
        self.status = status


class Late(Broken):
    """No answer came in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    #: By lower-case names; of several with one name, the first.
    headers: Mapping[str, str]
    #: None where it is longer than `LONGEST_BODY`.
    body: bytes | None


class Wire(asyncio.Protocol):
    """A connection. Ask only while it is `free`; what the server says unasked closes it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        #: Gives the call up.
        self._end: asyncio.TimerHandle | None = None
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        #: Bytes of the answer so far, and those of its headers and its body.
        self._received, self._head, self._size = 0, 0, 0
        #: The status, once the head was read to its end.
        self._status = 0

    @property
    def free(self) -> bool:
        """Whether a request can be sent: the last answer came whole, and the server keeps the connection."""
        return self._answer is None and self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, *, until: float) -> asyncio.Future[Answer]:
        """Send the bytes of a request; the future ends with the answer, or with `Broken`.

        `until` is when the call is given up, by the loop's clock: a timer costs a fraction of what a time-out
        around an await does.
        """
        if self._transport is None or not self.free:
            raise RuntimeError("a wire takes one call at a time, while it is connected")
        self._begin()
        self._answer = self._loop.create_future()
        self._end = self._loop.call_at(until, self._give_up)
        self._transport.write(request)
        return self._answer

    def drop(self) -> None:
        """Close the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    # ── what the event loop tells ───────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.BaseProtocol`."""
        # uvloop's transports have the methods and not the class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            # Nobody asked for it; the answer with its status has been given.
            self.drop()
        except HttpParserError as error:
            self._break(f"{_NOT_HTTP} ({error})")
        else:
            if not self._status and self._received > _LONGEST_HEAD:
                self._break(f"{_NOT_HTTP} (its head is longer than {_LONGEST_HEAD} bytes)")

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`."""
        if exc is None and self._status and self._ends_with_connection:
            self._give(b"".join(self._body))
        elif self._status:
            self._break(f"the answer was cut short{_named(exc)}")
        elif exc is None:
            self._break("the server closed the connection without an answer")
        else:
            self._break(f"the connection broke{_named(exc)}")
        del self._parser  # it holds this object, which holds it

    # ── what the parser tells ───────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        """Raise where nobody asked: the answer to the next call must not be taken from it."""
        if self._answer is None:
            raise ValueError("an answer to no request")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, or raise where they are more than anybody needs."""
        self._head += len(name) + len(value)
        if self._head > _LONGEST_HEAD:
            raise ValueError("its head is too long")
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """Note the status."""
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body, or give up on it."""
        self._body.append(body)
        self._size += len(body)
        if self._size > LONGEST_BODY:
            self.drop()
            self._give(None)

    def on_message_complete(self) -> None:
        """Give the answer, where it is the final one."""
        if self._status // 100 == 1 and self._status != HTTPStatus.SWITCHING_PROTOCOLS:
            self._begin()
            return
        transport = self._transport
        if transport is None or not self._parser.should_keep_alive() or transport.get_write_buffer_size():
            self.drop()
        self._give(b"".join(self._body))

    # ── the call ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _ends_with_connection(self) -> bool:
        """Whether the body lasts until the server closes (RFC 9112, section 6.3)."""
        return "content-length" not in self._headers and "transfer-encoding" not in self._headers

    def _begin(self) -> None:
        self._headers, self._body, self._status = {}, [], 0
        self._received, self._head, self._size = 0, 0, 0

    def _give(self, body: bytes | None) -> None:
        answer = self._over()
        if answer is not None and not answer.done():
            answer.set_result(Answer(self._status, self._headers, body))

    def _break(self, words: str) -> None:
        self._fail(Broken(words, status=self._status or None))

    def _give_up(self) -> None:
        self._fail(Late("no answer came in time"))

    def _fail(self, error: Broken) -> None:
        self.drop()
        answer = self._over()
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def _over(self) -> asyncio.Future[Answer] | None:
        if self._end is not None:
            self._end.cancel()
        answer, self._answer, self._end = self._answer, None, None
        return answer


def _named(error: Exception | None) -> str:
    return "" if error is None else f" ({type(error).__name__}: {error})"
