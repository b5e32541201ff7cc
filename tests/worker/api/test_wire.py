"""One connection, one call at a time: what is sent, and what every kind of answer means."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from worker.api.wire import LONGEST_BODY, Answer, Broken, Wire

Runner = Callable[[Coroutine[Any, Any, Any]], Any]

REQUEST = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runner:
    """Run on either kind of loop: tests often have one, and workers the other."""
    return request.param


def _meet(run: Runner, *replies: bytes, end: bool = False) -> list[Any]:
    """Return what became of one call for each reply, and at last whether the wire is free for another."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for reply in replies:
                await reader.readexactly(len(REQUEST))
                writer.write(reply)
                await writer.drain()
            if not end:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main() -> list[Any]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(Wire, *server.sockets[0].getsockname())
        seen: list[Any] = []
        for _ in replies:
            try:
                seen.append(await asyncio.wait_for(wire.ask(REQUEST, until=in_time()), 5))
            except Broken as broken:
                seen.append(broken)
        seen.append(wire.free)
        wire.drop()
        server.close()
        await asyncio.sleep(0.01)  # in which the server's side comes to its end
        return seen

    return run(main())


def in_time() -> float:
    """Return a moment after whatever happens here."""
    return asyncio.get_running_loop().time() + 9


def test_an_answer_comes_whole_and_the_wire_is_free_again(run: Runner) -> None:
    """Status, headers by lower-case names, body; the next call goes over the same connection."""
    head = b"HTTP/1.1 201 Created\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
    odd = head + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    first, second, free = _meet(run, odd, OK)
    assert first == Answer(201, {"x-a": "1", "transfer-encoding": "chunked"}, b"{}")
    assert second == Answer(200, {"content-length": "2"}, b"{}")
    assert free


def test_what_comes_before_the_final_answer_is_passed_over(run: Runner) -> None:
    """Informational answers are none (RFC 9110, section 15.2)."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    answer, free = _meet(run, b"HTTP/1.1 100 Continue\r\n\r\n" + early + OK)
    assert answer == Answer(200, {"content-length": "2"}, b"{}")
    assert free


@pytest.mark.parametrize(
    "last",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_a_server_that_will_not_go_on_is_not_asked_again(run: Runner, last: bytes) -> None:
    """Its answer counts, and the connection is given up."""
    answer, free = _meet(run, last)
    assert answer.status == int(last[9:12])
    assert not free


@pytest.mark.parametrize("more", [OK, b"HTTP/1.1 2", b"\x00"])
def test_an_answer_to_no_request_ends_the_wire(run: Runner, more: bytes) -> None:
    """It must not be taken for the answer to the next call."""
    answer, free = _meet(run, OK + more)
    assert answer == Answer(200, {"content-length": "2"}, b"{}")
    assert not free


def test_a_body_may_last_until_the_server_closes(run: Runner) -> None:
    """So it is in the oldest HTTP, where no length is said (RFC 9112, section 6.3)."""
    answer, free = _meet(run, b"HTTP/1.1 200 OK\r\n\r\n{}", end=True)
    assert answer == Answer(200, {}, b"{}")
    assert not free


@pytest.mark.parametrize("length", [LONGEST_BODY, LONGEST_BODY + 1])
def test_a_body_is_read_up_to_a_limit(run: Runner, length: int) -> None:
    """What is longer is not read to its end, and its connection is given up."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length
    answer, free = _meet(run, head + b" " * length)
    fits = length <= LONGEST_BODY
    assert answer.body == (b" " * length if fits else None)
    assert free is fits


@pytest.mark.parametrize(
    ("reply", "words", "status"),
    [
        (b"", "the server closed the connection without an answer", None),
        (b"HTTP/1.1 200 OK\r\nContent-", "the server closed the connection without an answer", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "the answer was cut short", 200),
        (b"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}", "the answer was cut short", 404),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "the answer is not HTTP", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "the answer is not HTTP", None),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", "the answer is not HTTP", None),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000, "the answer is not HTTP", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", "the answer is not HTTP", 200),
    ],
)
def test_what_is_no_whole_answer_breaks_the_call(
    run: Runner, reply: bytes, words: str, status: int | None
) -> None:
    """With words for a person, and the status where that much had come."""
    broken, free = _meet(run, reply, end=True)
    assert isinstance(broken, Broken)
    assert str(broken).startswith(words)
    assert broken.status == status
    assert not free


def test_a_wire_takes_one_call_at_a_time(run: Runner) -> None:
    """A second one before the answer is a mistake of ours, and nothing of it is sent."""

    async def main() -> None:
        got = bytearray()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            got.extend(await reader.read())
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        _, wire = await asyncio.get_running_loop().create_connection(Wire, *server.sockets[0].getsockname())
        first = wire.ask(REQUEST, until=in_time())
        assert not wire.free
        with pytest.raises(RuntimeError, match="one call at a time"):
            wire.ask(REQUEST, until=in_time())
        first.cancel()
        wire.drop()
        server.close()
        await asyncio.sleep(0.01)
        assert got in (REQUEST, b"")  # a dropped connection may take along what was not read yet

    run(main())
    with pytest.raises(RuntimeError):
        asyncio.run(_unconnected())


async def _unconnected() -> None:
    Wire().ask(REQUEST, until=0)
