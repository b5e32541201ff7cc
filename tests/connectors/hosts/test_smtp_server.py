"""The SMTP server, over real sockets: its sessions, its limits and its end."""

import asyncio
import logging
import smtplib
import socket
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from connectors.base import Connector
from connectors.hosts.smtp_server import SmtpServer, start
from worker.errors import LaneFull, SettingsError, StoreUnavailable
from worker.mail_settings import SmtpSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

LIMIT = 4096
MAIL = b"Message-ID: <m1@example.org>\r\nSubject: Hello\r\n\r\nA first mail.\r\n"
SUPPORT = "support@example.com"


@pytest.fixture
def converse(
    mailbox: "Settled", tickets: "Settled", clock: Callable[[], datetime], ids: Callable[[], str]
) -> Callable[..., None]:
    """Serve the fixtures' channels to a conversation in a thread."""

    def run(talk: Callable[[smtplib.SMTP], None], door: "RecordingDoor") -> None:
        async def main() -> None:
            channels: dict[str, Connector] = {"mail": mailbox.connector, "tickets": tickets.connector}
            settings = SmtpSettings(port=0, max_message_bytes=LIMIT)
            server = await start(channels, door=door, clock=clock, ids=ids, settings=settings)
            try:
                await asyncio.to_thread(session, server.port)
            finally:
                await server.stop()

        def session(port: int) -> None:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example.org") as client:
                talk(client)

        asyncio.run(main())

    return run


def send(client: smtplib.SMTP, body: bytes = MAIL, to: str = SUPPORT) -> tuple[int, bytes]:
    """Send a mail step by step and return the reply to its data."""
    client.ehlo_or_helo_if_needed()
    client.mail("sender@example.org")
    client.rcpt(to)
    return client.data(body)


def test_a_mail_is_accepted_once(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """A mail to a channel's address gets 250 after the store has it, and 250 again for its double."""

    def talk(client: smtplib.SMTP) -> None:
        assert [send(client), send(client)] == [(250, b"2.0.0 Accepted"), (250, b"2.0.0 Accepted before")]

    converse(talk, door)
    assert [command.idempotency_key.partition("/")[0] for command in door.commands] == ["mail:m1@example.org"]


def test_the_banner_says_nothing_of_machines(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """The server introduces itself as the product, and offers what it can do."""

    def talk(client: smtplib.SMTP) -> None:
        code, text = client.ehlo()
        assert (code, text.splitlines()[0]) == (250, b"openmedia-bridge")
        assert client.esmtp_features["size"] == str(LIMIT)
        assert client.has_extn("smtputf8")
        assert client.has_extn("8bitmime")
        assert not client.has_extn("auth")

    converse(talk, door)


def test_a_mail_over_the_limit_is_refused(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """Too much gets 552, announced or not."""

    def talk(client: smtplib.SMTP) -> None:
        client.ehlo()
        assert client.mail("sender@example.org", [f"SIZE={LIMIT + 1}"])[0] == 552
        client.rset()
        assert send(client, MAIL + b"x" * 70 + b"\r\n" * LIMIT)[0] == 552

    converse(talk, door)
    assert door.commands == []


def test_long_lines_are_no_reason_to_lose_a_mail(
    converse: Callable[..., None], door: "RecordingDoor"
) -> None:
    """A line over the standard's 998 bytes is taken as it is."""

    def talk(client: smtplib.SMTP) -> None:
        assert send(client, MAIL + b"x" * 2000 + b"\r\n")[0] == 250

    converse(talk, door)


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), LaneFull("full"), RuntimeError("a bug")])
def test_what_was_not_stored_is_not_accepted(
    converse: Callable[..., None],
    broken_door: Callable[[BaseException], "RecordingDoor"],
    fault: BaseException,
) -> None:
    """Whatever keeps the store from accepting, the sender hears 451 and keeps its mail."""

    def talk(client: smtplib.SMTP) -> None:
        assert send(client) == (451, b"4.3.0 Come again later")

    converse(talk, broken_door(fault))


def test_a_bounce_is_a_mail(converse: Callable[..., None], door: "RecordingDoor") -> None:
    """The empty sender of delivery reports is accepted."""

    def talk(client: smtplib.SMTP) -> None:
        client.ehlo()
        assert client.mail("")[0] == 250
        client.rcpt(SUPPORT)
        assert client.data(MAIL)[0] == 250

    converse(talk, door)


def test_the_log_does_not_hear_addresses(
    converse: Callable[..., None], door: "RecordingDoor", caplog: pytest.LogCaptureFixture
) -> None:
    """With everything logged at every level, no address of the session stands in the log."""
    caplog.set_level(logging.DEBUG)
    converse(send, door)
    assert "example.com" not in caplog.text
    assert "sender" not in caplog.text


def test_a_taken_port_is_a_wrong_setting(
    door: "RecordingDoor", clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    """A port that is in use is reported as the setting it is."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = SmtpSettings(port=other.getsockname()[1])
        with pytest.raises(SettingsError, match="smtp: cannot listen"):
            asyncio.run(start({}, door=door, clock=clock, ids=ids, settings=settings))


async def command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: str) -> str:
    """Send one line and return the first line of the reply."""
    writer.write(line.encode() + b"\r\n")
    while True:
        reply = (await reader.readline()).decode()
        if reply[3:4] != "-":
            return reply


class Slow:
    """A door that accepts only when it is told to."""

    def __init__(self, inner: "RecordingDoor") -> None:
        self.inner = inner
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        """Do all else as the other door does."""
        return getattr(self.inner, name)

    async def submit(self, commands: list[object]) -> object:
        """Wait, then accept."""
        self.reached.set()
        await self.go.wait()
        return await self.inner.submit(commands)  # type: ignore[arg-type]  # passed through


async def in_the_middle(
    mailbox: "Settled", door: "Slow", clock: Callable[[], datetime], ids: Callable[[], str]
) -> tuple[SmtpServer, asyncio.StreamReader, asyncio.StreamWriter]:
    """Bring a session to the point where its mail waits for the door."""
    server = await start(
        {"mail": mailbox.connector},
        door=door,  # type: ignore[arg-type]  # as good as a door
        clock=clock,
        ids=ids,
        settings=SmtpSettings(port=0),
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await reader.readline()
    for line in ("EHLO c", "MAIL FROM:<a@example.org>", f"RCPT TO:<{SUPPORT}>", "DATA"):
        await command(reader, writer, line)
    writer.write(MAIL + b".\r\n")
    await door.reached.wait()
    return server, reader, writer


def test_a_mail_under_way_is_answered_before_the_end(
    mailbox: "Settled", door: "RecordingDoor", clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    """Stopping hangs up on idle sessions at once, and on a busy one after its reply."""

    async def main() -> None:
        slow = Slow(door)
        server, reader, writer = await in_the_middle(mailbox, slow, clock, ids)
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", server.port)
        await idle_reader.readline()
        stopping = asyncio.create_task(server.stop())
        assert await idle_reader.read() == b""
        assert not stopping.done()
        slow.go.set()
        assert await reader.read() == b"250 2.0.0 Accepted\r\n"
        await stopping
        for each in (writer, idle_writer):
            each.close()
            await each.wait_closed()

    asyncio.run(main())
    assert len(door.commands) == 1


def test_stopping_does_not_wait_for_ever(
    mailbox: "Settled",
    door: "RecordingDoor",
    clock: Callable[[], datetime],
    ids: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mail whose answer does not come is cut off after the time of grace."""
    monkeypatch.setattr("connectors.hosts.smtp_server._GRACE_S", 0)

    async def main() -> None:
        server, reader, writer = await in_the_middle(mailbox, Slow(door), clock, ids)
        await server.stop()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    asyncio.run(main())
    assert door.commands == []


def test_hanging_up_does_not_take_a_mail_back(
    mailbox: "Settled", door: "RecordingDoor", clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    """A sender that leaves while its mail is submitted does not interrupt the submission."""

    async def main() -> None:
        slow = Slow(door)
        server, _, writer = await in_the_middle(mailbox, slow, clock, ids)
        writer.close()
        await writer.wait_closed()
        slow.go.set()
        await server.stop()

    asyncio.run(main())
    assert len(door.commands) == 1
