"""The proxy does to a link what it says: lets through, delays, cuts, and drops what was given up."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.faults.proxy import Bundle, Link, to_port

Far = tuple[Link, list[bytes]]


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[Far]:
    """Give a link to a server that answers everything with itself, and what that server heard."""
    heard: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(1000):
                heard.append(content)
                writer.write(content)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    link = Link(to_port(server.sockets[0].getsockname()[1]))
    await link.listen()
    try:
        yield link, heard
    finally:
        await link.close()
        server.close()


async def said(link: Link, content: bytes) -> bytes:
    """Return the answer to something said over a new connection; nothing where it is cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        writer.write(content)
        return await reader.read(1000)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def play(story: Callable[[Link, list[bytes]], Awaitable[None]]) -> None:
    """Run a story on a link."""

    async def main() -> None:
        async with asyncio.timeout(20), echoing() as (link, heard):
            await story(link, heard)

    asyncio.run(main())


def test_it_lets_through() -> None:
    """What goes in comes out, both ways."""

    async def story(link: Link, heard: list[bytes]) -> None:
        assert await said(link, b"hello") == b"hello"
        assert heard == [b"hello"]

    play(story)


def test_it_cuts_what_is_open_and_what_is_new_and_heals() -> None:
    """Connections are reset, new ones too, and afterwards all is well again."""

    async def story(link: Link, heard: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"one")
        assert await reader.read(1000) == b"one"
        cutting = asyncio.create_task(link.cut(0.3))
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectionError):
            await reader.readexactly(1)
        assert await said(link, b"two") == b""
        await cutting
        assert await said(link, b"three") == b"three"
        assert b"two" not in heard
        writer.close()

    play(story)


def test_it_delays() -> None:
    """A question and its answer take the delay twice."""

    async def story(link: Link, _: list[bytes]) -> None:
        delaying = asyncio.create_task(link.delay(1.0, by_s=0.1))
        await asyncio.sleep(0.01)
        began = time.monotonic()
        assert await said(link, b"slow") == b"slow"
        assert time.monotonic() - began >= 0.2
        await delaying

    play(story)


def test_a_stall_holds_back_and_drops_what_is_given_up() -> None:
    """Who waits is served after the stall; who leaves is never heard."""

    async def story(link: Link, heard: list[bytes]) -> None:
        patient_reader, patient = await asyncio.open_connection("127.0.0.1", link.port)
        _, hasty = await asyncio.open_connection("127.0.0.1", link.port)
        await asyncio.sleep(0.05)
        stalling = asyncio.create_task(link.stall(0.5))
        await asyncio.sleep(0.05)
        hasty.write(b"never mind")
        patient.write(b"I ")
        await asyncio.sleep(0.1)
        assert heard == []
        hasty.close()
        patient.write(b"wait")
        await stalling
        assert await patient_reader.readexactly(6) == b"I wait"
        assert b"".join(heard) == b"I wait"
        patient.close()

    play(story)


def test_whoever_comes_during_a_stall_and_leaves_is_never_heard() -> None:
    """A new connection is held like an old one."""

    async def story(link: Link, heard: list[bytes]) -> None:
        stalling = asyncio.create_task(link.stall(0.3))
        await asyncio.sleep(0.05)
        patient_reader, patient = await asyncio.open_connection("127.0.0.1", link.port)
        _, hasty = await asyncio.open_connection("127.0.0.1", link.port)
        hasty.write(b"never mind")
        patient.write(b"I ")
        await asyncio.sleep(0.05)
        hasty.close()
        patient.write(b"wait")
        await stalling
        assert await patient_reader.readexactly(6) == b"I wait"
        assert b"".join(heard) == b"I wait"
        patient.close()

    play(story)


def test_it_tells_what_it_was_told_to() -> None:
    """What the far side says may be put into other words, and what is said to it never is."""

    async def story(link: Link, heard: list[bytes]) -> None:
        link._rewrite = bytes.upper
        assert await said(link, b"Port") == b"PORT"
        assert heard == [b"Port"]

    play(story)


def test_what_happens_to_a_bundle_happens_to_each_of_it() -> None:
    """Cut and stalled together, and through again together."""

    async def story(link: Link, _: list[bytes]) -> None:
        other = Link(to_port(link.port))
        await other.listen()
        bundle = Bundle([link, other])
        cutting = asyncio.create_task(bundle.cut(0.2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [await said(each, b"one") for each in (link, other)] == [b"", b""]
        await cutting
        assert [await said(each, b"two") for each in (link, other)] == [b"two", b"two"]
        await asyncio.gather(bundle.stall(0.01), bundle.delay(0.01, by_s=0.1))
        assert await said(other, b"three") == b"three"
        await bundle.close()

    play(story)
