"""The stub: an Open Media API that does nothing but answer, after a settable latency.

A bare asyncio protocol, so that it is never the limit: the bare client loop shows its ceiling. It keeps one
line for each call (when it arrived, on the machine's monotonic clock, and for which path), which is all
that the experiments need.

`python -m bench.stub PORT-FILE`; then `GET /stub/log` returns and empties the log, `POST /stub/latency?50`
sets milliseconds.
"""

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Final

import uvloop

_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_BODY: Final = b'{"status":{"code":0,"message":"OK"},"data":{"id":"0123456789ABCDEF","state":"Queued"}}'
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_OK: Final = _ANSWER % (len(_BODY), _BODY)


class Book:
    """What the stub remembers, and how slow it is."""

    def __init__(self) -> None:
        self.latency_s = 0.0
        self.lines: list[bytes] = []


class Connection(asyncio.Protocol):
    """One client connection; requests on it are answered in their order."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._pending = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._pending += data
        while True:
            head = self._pending.find(b"\r\n\r\n")
            if head < 0:
                return
            found = _LENGTH.search(self._pending, 0, head + 2)
            end = head + 4 + (int(found[1]) if found else 0)
            if len(self._pending) < end:
                return
            line = self._pending[: self._pending.find(b"\r\n")]
            self._pending = self._pending[end:]
            self._answer(line)

    def _answer(self, line: bytes) -> None:
        _, path, _ = line.split(b" ", 2)
        if path.startswith(b"/stub/"):
            self._control(path)
        elif self._book.latency_s:
            self._book.lines.append(b"%d %s" % (time.monotonic_ns(), path))
            self._loop.call_later(self._book.latency_s, self._write)
        else:
            self._book.lines.append(b"%d %s" % (time.monotonic_ns(), path))
            self._write()

    def _write(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_OK)

    def _control(self, path: bytes) -> None:
        body = b""
        if path.startswith(b"/stub/latency?"):
            self._book.latency_s = float(path.partition(b"?")[2]) / 1000
        elif path.startswith(b"/stub/count"):
            body = b"%d" % len(self._book.lines)
        else:
            body, self._book.lines = b"\n".join(self._book.lines), []
        self._transport.write(_ANSWER % (len(body), body))


async def serve(port_file: Path) -> None:
    """Serve for ever on a free port, which is written to `port_file`."""
    book = Book()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(book), "127.0.0.1", 0, backlog=4096
    )
    port_file.write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
