"""Every request goes in by the entrance, and every connection with something unread ends after its answer."""

import asyncio

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.hosts import entrance
from connectors.hosts.answers import HttpAnswer
from connectors.hosts.entrance import Entrance, send_answer
from connectors.hosts.rejections import Rejections
from tests.connectors.conftest import RecordingDoor


class Sender:
    """Sends a body in pieces, and keeps what it is told."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.sent: list[Message] = []
        self.read_when_answered: int | None = None

    async def receive(self) -> Message:
        """Send the next piece; after the last one, nothing comes."""
        if not self.pieces:
            await asyncio.get_running_loop().create_future()
        piece = self.pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}

    async def send(self, message: Message) -> None:
        """Hear an answer."""
        if message["type"] == "http.response.body" and self.read_when_answered is None:
            self.read_when_answered = len(self.pieces)
        self.sent.append(message)

    @property
    def is_closed(self) -> bool:
        """Whether the connection ends."""
        return (b"connection", b"close") in self.sent[0]["headers"]


def visit(app: ASGIApp, sender: Sender, *headers: tuple[bytes, bytes], **scope: object) -> None:
    """Send a request through the entrance."""
    asked = {"type": "http", "headers": list(headers), "query_string": b"", "http_version": "1.1", **scope}
    asyncio.run(Entrance(app, Rejections(RecordingDoor(), lambda: 0.0))(asked, sender.receive, sender.send))


async def answer_unread(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer without looking at the body."""
    await send_answer(HttpAnswer(413, b"too large"), send)


async def answer_read(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read everything, then answer."""
    while (await receive())["more_body"]:
        pass
    await send_answer(HttpAnswer(202, b"thanks"), send)


LENGTH = (b"content-length", b"9")


def test_what_was_read_is_kept_open() -> None:
    """A request with its body read, or with none, is followed by another one."""
    sender = Sender(b"some", b"thing")
    visit(answer_read, sender, LENGTH)
    assert not sender.is_closed
    for headers in ([], [(b"content-length", b"0")]):
        sender = Sender()
        visit(answer_unread, sender, *headers)
        assert not sender.is_closed
        assert len(sender.sent) == 2


def test_what_was_not_read_is_thrown_away_after_the_answer() -> None:
    """The sender has its answer before anything more is read, and the connection ends."""
    sender = Sender(b"some", b"thing")
    visit(answer_unread, sender, LENGTH)
    assert sender.is_closed
    assert (sender.read_when_answered, sender.pieces) == (2, [])
    assert [message.get("more_body") for message in sender.sent[1:]] == [True, None]


def test_nobody_is_listened_to_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for long, and not to much."""
    monkeypatch.setattr(entrance, "LINGER_S", 0.01)
    silent = Sender()
    visit(answer_unread, silent, LENGTH)
    assert silent.sent[-1] == {"type": "http.response.body"}
    monkeypatch.setattr(entrance, "LINGER_BYTES", 10)
    greedy = Sender(*[b"12345"] * 9)
    visit(answer_unread, greedy, LENGTH)
    assert len(greedy.pieces) == 7


def test_a_body_that_is_kept_back_is_not_asked_for() -> None:
    """Listening would tell the sender to go on (100 Continue), only to throw it away."""
    sender = Sender(b"something")
    visit(answer_unread, sender, LENGTH, (b"expect", b"100-continue"))
    assert sender.is_closed
    assert sender.pieces == [b"something"]
    assert len(sender.sent) == 2


@pytest.mark.parametrize(
    ("headers", "scope", "status"),
    [
        ([(b"a", b"1")] * 101, {}, 431),
        ([(b"a", b"1" * 16_384)], {}, 431),
        ([], {"raw_path": b"/" * 9000, "query_string": b"x" * 9000}, 431),
        ([LENGTH, (b"transfer-encoding", b"chunked")], {}, 400),
        ([(b"transfer-encoding", b"chunked")], {"http_version": "1.0"}, 400),
        ([(b"a", b"1")] * 100, {}, 413),
        ([(b"transfer-encoding", b"chunked")], {}, 413),
    ],
)
def test_unfit_heads_reach_no_application(
    headers: list[tuple[bytes, bytes]], scope: dict[str, object], status: int
) -> None:
    """Too much of it, or two opinions about where the body ends."""
    sender = Sender(b"")
    visit(answer_unread, sender, *headers, **scope)
    assert sender.sent[0]["status"] == status
