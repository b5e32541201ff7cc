"""What is no request is answered all the same; floods and drips are in test_webhooks.py."""

import asyncio
import re
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from connectors.hosts import body
from connectors.hosts.http_server import serve
from connectors.hosts.rejections import Rejections
from tests.connectors.conftest import RecordingDoor
from worker.settings import HttpSettings


async def slow(request: Request) -> PlainTextResponse:
    """Read everything, slowly, and say whether all of it was there at the start."""
    was_here = body.WHOLE in request.scope
    await request.body()
    await asyncio.sleep(0.05)
    return PlainTextResponse("all at once" if was_here else "piece by piece")


def answers(*pieces: bytes, pause_s: float = 0.0, **settings: float) -> tuple[bytes, list[tuple[str, str]]]:
    """Send pieces on one connection; return everything until it ends, and the counters."""
    door = RecordingDoor()

    async def main() -> bytes:
        wanted = HttpSettings(port=0, **settings)
        server = await serve(
            Starlette(routes=[Route("/", slow, methods=["POST"])]), wanted, Rejections(door, time.monotonic)
        )
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(pause_s)
            async with asyncio.timeout(5):
                told = await reader.read()
            writer.close()
            return told
        finally:
            await server.stop()

    return asyncio.run(main()), door.counters


WHOLE = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"


def test_the_time_for_the_head_is_not_the_time_for_the_answer() -> None:
    """A request that has arrived is answered however long that takes, and its connection stays for more."""
    last = WHOLE.replace(b"Host", b"Connection: close\r\nHost")
    told, counters = answers(WHOLE, last, pause_s=0.03, head_timeout_s=0.02)
    assert told.count(b"HTTP/1.1 200") == 2
    assert counters == []


def test_the_application_knows_that_a_body_is_here() -> None:
    """Then it needs no time limit; a body that is still coming does, also on a connection that is kept."""
    chunks = b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    last = b"POST / HTTP/1.1\r\nHost: a\r\n" + chunks
    told, _ = answers(WHOLE, WHOLE[:-1], WHOLE[-1:], last, pause_s=0.1)
    assert re.findall(b"all at once|piece by piece", told) == [
        b"all at once",
        b"piece by piece",
        b"all at once",
    ]


def test_nonsense_after_a_request_does_not_spoil_its_answer() -> None:
    """The first is answered, the second is explained."""
    told, counters = answers(WHOLE + b"\x00\x01\x02\r\n\r\n")
    assert told.index(b"HTTP/1.1 200") < told.index(b"HTTP/1.1 400")
    assert counters == [("", "http:malformed")]


def test_a_body_that_breaks_is_explained_once() -> None:
    """Neither the application nor the server speaks a second time."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    told, counters = answers(head + b"2\r\nhi\r\n", b"nonsense\r\n", b"more", pause_s=0.02)
    assert told.count(b"HTTP/1.1 ") == told.count(b"HTTP/1.1 400") == 1
    assert counters == [("", "http:malformed")]


def test_an_answer_can_be_read_by_whoever_still_sends() -> None:
    """What comes after the refusal is thrown away instead of breaking the connection."""
    told, _ = answers(b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000, *[b"a" * 100_000] * 5, pause_s=0.01)
    assert told.startswith(b"HTTP/1.1 431")
    assert told.endswith(b"}")


def test_the_second_head_has_its_time_too() -> None:
    """It begins with its first byte, on a connection that was idle after its answer."""
    told, counters = answers(WHOLE, b"POST / HT", pause_s=0.15, head_timeout_s=0.1)
    assert told.index(b"HTTP/1.1 200") < told.index(b"HTTP/1.1 408")
    assert counters == [("", "http:too_slow")]
