"""Reading a body within bounds."""

import asyncio

import pytest
from starlette.types import Message

from connectors.hosts.body import Gone, TooLarge, TooSlow, read_body


def read(*messages: Message, announced: int | None = None, limit: int = 10, deadline_s: float = 5) -> bytes:
    """Read a body that arrives in these messages."""
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await asyncio.get_running_loop().create_future()
        return waiting.pop(0)

    return asyncio.run(read_body(receive, announced=announced, limit=limit, deadline_s=deadline_s))


def part(body: bytes, *, more: bool = True) -> Message:
    """Return a piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def test_pieces_become_one_body() -> None:
    """A body in one piece or several is read to its end; a message may lack what has a default."""
    assert read(part(b"1234567890", more=False), announced=10) == b"1234567890"
    assert read(part(b"123"), part(b""), part(b"45", more=False)) == b"12345"
    assert read({"type": "http.request"}) == b""


def test_an_announced_giant_is_not_read() -> None:
    """A body that says it is too large is refused without being asked for."""
    with pytest.raises(TooLarge):
        read(announced=11)


@pytest.mark.parametrize("announced", [None, 5])
def test_a_body_is_counted_whatever_it_announced(announced: int | None) -> None:
    """One byte over the limit ends the reading, with what is still to come left where it is."""
    with pytest.raises(TooLarge):
        read(part(b"123456"), part(b"78901"), announced=announced)


def test_a_slow_body_is_given_up() -> None:
    """A body that is not there at the deadline is too slow."""
    with pytest.raises(TooSlow):
        read(part(b"1"), deadline_s=0)


def test_a_sender_may_go() -> None:
    """A sender that disconnects is gone."""
    with pytest.raises(Gone):
        read(part(b"1"), {"type": "http.disconnect"})


def test_a_body_that_is_here_is_read_without_a_clock() -> None:
    """Where all of it came with its head, no deadline can make it late; what it weighs still counts."""

    async def receive() -> Message:
        return part(b"12345", more=False)

    async def go(limit: int) -> bytes:
        return await read_body(receive, announced=None, limit=limit, deadline_s=0, is_here=True)

    assert asyncio.run(go(5)) == b"12345"
    with pytest.raises(TooLarge):
        asyncio.run(go(4))
