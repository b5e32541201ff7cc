"""Sessions over real sockets: TLS, login, limits, and LMTP's replies."""

import asyncio
import contextlib
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import uvloop
from aiosmtpd.smtp import SMTP

from connectors.base import Connector
from connectors.email.connector import EmailConnector
from connectors.hosts.smtp_login import Login
from connectors.hosts.smtp_server import SmtpServer, start, start_lmtp
from connectors.hosts.smtp_session import Desk, Session, Terms
from connectors.hosts.smtp_tls import Certificate
from tests.certificates import self_signed
from worker.errors import SettingsError, StoreUnavailable
from worker.mail_settings import LmtpSettings, SmtpSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

MAIL = b"Message-ID: <m1@example.org>\r\nSubject: Hello\r\n\r\nA first mail.\r\n"
SUPPORT = "support@example.com"


@dataclass
class Place:
    """A server's surroundings."""

    channels: dict[str, Connector]
    door: "RecordingDoor"
    clock: Callable[[], datetime]
    ids: Callable[[], str]
    directory: Path

    @contextlib.asynccontextmanager
    async def smtp(self, *, tls: bool = False, **settings: object) -> AsyncIterator[SmtpServer]:
        """Serve SMTP; a user `relay` may log in where users are set."""
        certificate = None
        if tls:
            files = self_signed(self.directory)
            certificate = Certificate.read(*files)
            settings |= {"certificate": f"file:{files[0]}", "private_key": f"file:{files[1]}"}
        server = await start(
            self.channels,
            door=self.door,
            clock=self.clock,
            ids=self.ids,
            settings=SmtpSettings.model_validate({"port": 0, **settings}),
            certificate=certificate,
            login=Login({"relay": lambda: "sesame"}),
        )
        try:
            yield server
        finally:
            await server.stop()

    @contextlib.asynccontextmanager
    async def lmtp(self, **limits: object) -> AsyncIterator[SmtpServer]:
        """Serve LMTP on a port and on a socket."""
        server = await start_lmtp(
            self.channels,
            door=self.door,
            clock=self.clock,
            ids=self.ids,
            settings=LmtpSettings(port=0, socket=str(self.directory / "lmtp")),
            limits=SmtpSettings.model_validate(limits),
        )
        try:
            yield server
        finally:
            await server.stop()

    def trusting(self) -> ssl.SSLContext:
        """Return what a client needs to believe the server."""
        return ssl.create_default_context(cafile=str(self.directory / "server.crt"))


@pytest.fixture
def place(
    mailbox: "Settled",
    door: "RecordingDoor",
    clock: Callable[[], datetime],
    ids: Callable[[], str],
    tmp_path: Path,
) -> Place:
    """Two mail channels: one for support, one for sales."""
    mail = mailbox.connector
    assert isinstance(mail, EmailConnector)
    other = mail.options.model_copy(update={"addresses": frozenset({"sales@example.com"})})
    channels: dict[str, Connector] = {
        "mail": mail,
        "sales": replace(mail, channel="sales", options=other),
    }
    return Place(channels, door, clock, ids, tmp_path)


def client(port: int, kind: Callable[..., smtplib.SMTP] = smtplib.SMTP, **more: object) -> smtplib.SMTP:
    """Connect to a server of ours."""
    return kind("localhost", port, local_hostname="client.example.org", timeout=10, **more)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_starttls(place: Place, run: Callable[..., None]) -> None:
    """It is offered; where TLS is required nothing but greetings is taken before it, and all after it."""

    def talk(port: int) -> None:
        with client(port) as sender:
            sender.ehlo()
            assert sender.has_extn("starttls")
            assert sender.mail("a@example.org")[0] == 530
            sender.starttls(context=place.trusting())
            assert sender.sendmail("a@example.org", [SUPPORT], MAIL) == {}

    async def main() -> None:
        async with place.smtp(tls=True, require_tls=True) as server:
            await asyncio.to_thread(talk, server.port)

    run(main())
    assert len(place.door.commands) == 1


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_implicit_tls(place: Place, run: Callable[..., None]) -> None:
    """The second port speaks TLS from the first byte, logins included, and shows a renewed certificate."""

    def talk(port: int) -> None:
        with client(port, smtplib.SMTP_SSL, context=place.trusting()) as sender:
            sender.ehlo()
            assert not sender.has_extn("starttls")
            sender.login("relay", "sesame")
            assert sender.sendmail("a@example.org", [SUPPORT], MAIL) == {}

    async def main() -> None:
        async with place.smtp(tls=True, tls_port=0, users={"relay": "env:X"}) as server:
            await asyncio.to_thread(talk, server.ports[1])
            self_signed(place.directory)
            await asyncio.to_thread(talk, server.ports[1])

    run(main())
    assert len(place.door.commands) == 1


def test_login_by_each_mechanism(place: Place) -> None:
    """Everybody must log in, over TLS, by either mechanism in any case of letters; a wrong word is 535."""

    def talk(port: int) -> None:
        for mechanism in ("plain", "LOGIN"):
            with client(port) as sender:
                sender.ehlo()
                assert not sender.has_extn("auth")
                assert sender.docmd("AUTH PLAIN", "AHJlbGF5AHNlc2FtZQ==")[0] == 538
                assert sender.mail("a@example.org")[0] == 530
                sender.starttls(context=place.trusting())
                sender.ehlo()
                assert sender.esmtp_features["auth"].split() == ["LOGIN", "PLAIN"]
                sender.user, sender.password = "relay", "wrong"
                with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
                    _by(sender, mechanism)
                assert refused.value.smtp_code == 535
                sender.password = "sesame"
                _by(sender, mechanism)
                assert sender.mail("a@example.org")[0] == 250

    def _by(sender: smtplib.SMTP, mechanism: str) -> None:
        methods = {"plain": sender.auth_plain, "LOGIN": sender.auth_login}
        sender.auth(mechanism, methods[mechanism], initial_response_ok=mechanism == "plain")

    async def main() -> None:
        async with place.smtp(tls=True, users={"relay": "env:X"}) as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())


def test_login_without_tls_where_that_is_allowed(place: Place) -> None:
    """The setting opens it; nothing warns."""

    def talk(port: int) -> None:
        with client(port) as sender:
            sender.login("relay", "sesame")
            assert sender.sendmail("a@example.org", [SUPPORT], MAIL) == {}

    async def main() -> None:
        async with place.smtp(users={"relay": "env:X"}, allow_plain_login=True) as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())


def test_connections_are_counted(place: Place) -> None:
    """One too many from one address hears 421; when one leaves, the next comes in."""

    def talk(port: int) -> None:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(client(port))
            stack.enter_context(client(port))
            with pytest.raises(smtplib.SMTPConnectError) as refused:
                client(port)
            assert refused.value.smtp_code == 421
            first.quit()
            stack.enter_context(_soon(port))

    def _soon(port: int) -> smtplib.SMTP:
        # The server learns of an end a moment after the client.
        for _ in range(100):
            with contextlib.suppress(smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected):
                return client(port)
        return client(port)

    async def main(**limits: int) -> None:
        async with place.smtp(**limits) as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main(max_connections_per_peer=2))
    asyncio.run(main(max_connections=2))


def test_too_many_errors_end_the_connection(place: Place) -> None:
    """A sender that only guesses is sent away with 421; good commands in between do not help it."""

    def talk(port: int) -> None:
        with client(port) as sender:
            sender.ehlo()
            sender.mail("a@example.org")
            assert sender.rcpt("nobody@example.com")[0] == 550
            assert sender.rcpt(SUPPORT)[0] == 250
            assert sender.rcpt("nobody@example.com")[0] == 550
            assert sender.rcpt("nobody@example.com")[0] == 550
            assert sender.getreply()[0] == 421
            with pytest.raises(smtplib.SMTPServerDisconnected):
                sender.noop()
            sender.close()

    async def main() -> None:
        async with place.smtp(max_errors=3) as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())


def test_a_silent_sender_is_sent_away(place: Place) -> None:
    """Whoever says nothing, in a command or in the middle of its data, hears 421 and is disconnected."""

    async def main() -> None:
        async with place.smtp(timeout_s=0.05) as server:
            for lines in (
                "",
                f"EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\nSubject: x\r\n",
            ):
                reader, writer = await asyncio.open_connection("localhost", server.port)
                writer.write(lines.encode())
                assert (await reader.read()).endswith(b"421 4.4.2 Too slow\r\n")
                writer.close()
                await writer.wait_closed()

    asyncio.run(main())
    assert place.door.commands == []


PATHS = [
    "<ada@example.com>",
    "<ada.b+c_d-e@mail.example.com> SIZE=3 BODY=8BITMIME",
    "<ada@example.com>  size=3",
    "<ada@example.com> (a comment) SIZE=3",
    "<ada@example.com>SIZE=3",
    "ada@example.com SIZE=3",
    "<@relay.example:ada@example.com>",
    "< ada@example.com >",
    '<"a d a"@example.com>',
    "<ada@[127.0.0.1]>",
    "<ada@exämple.com>",
    "<a..b@example.com>",
    "<ada>",
    "<>",
    "",
]


def test_a_plain_path_is_read_as_every_other() -> None:
    """What is read in short is what aiosmtpd makes of it by the whole grammar."""

    async def scenario() -> None:
        session = Session(cast("Desk", object()), Terms(SmtpSettings(), Login({})))
        for path in PATHS:
            assert session._getaddr(path) == SMTP._getaddr(session, path), path

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["<", '"', "<ada@[", "ada@[ "])
def test_a_path_that_ends_too_early_is_refused_as_malformed(place: Place, path: str) -> None:
    """Paths that break the standard library's grammar are the sender's fault and not ours: 553, not 451."""

    def talk(port: int) -> None:
        with client(port) as sender:
            sender.ehlo()
            assert sender.docmd(f"MAIL FROM:{path}")[0] == 553
            assert sender.mail("a@example.org")[0] == 250
            assert sender.docmd(f"RCPT TO:{path}")[0] == 553
            assert sender.rcpt(SUPPORT)[0] == 250

    async def main() -> None:
        async with place.smtp() as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())


def test_data_out_of_turn_is_refused(place: Place) -> None:
    """Before a greeting, a login where there are users, or a recipient, and with words behind it."""

    def talk(port: int) -> None:
        with client(port) as sender:
            assert sender.docmd("DATA")[0] == 503
            sender.ehlo()
            assert sender.docmd("DATA") == (503, b"Error: need RCPT command")
            sender.mail("a@example.org")
            sender.rcpt(SUPPORT)
            assert sender.docmd("DATA", "now") == (501, b"Syntax: DATA")
            assert sender.data(MAIL)[0] == 250

    def talk_to_strangers(port: int) -> None:
        with client(port) as sender:
            sender.ehlo()
            assert sender.docmd("DATA")[0] == 530

    async def main() -> None:
        async with place.smtp() as server:
            await asyncio.to_thread(talk, server.port)
        users = {"relay": "file:/nowhere"}
        async with place.smtp(users=users, allow_plain_login=True) as server:
            await asyncio.to_thread(talk_to_strangers, server.port)

    asyncio.run(main())
    assert len(place.door.commands) == 1


def test_too_much_data_is_refused_and_the_session_goes_on(place: Place) -> None:
    """The next mail is taken, and the refusal counts as an error."""

    def talk(port: int) -> None:
        with client(port) as sender:
            for mail, code in ((MAIL * 100, 552), (MAIL, 250), (MAIL * 100, 552)):
                sender.helo()
                sender.mail("a@example.org")
                sender.rcpt(SUPPORT)
                assert sender.data(mail)[0] == code
            assert sender.getreply()[0] == 421
            sender.close()

    async def main() -> None:
        async with place.smtp(max_message_bytes=len(MAIL), max_errors=2) as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())
    assert len(place.door.commands) == 1


def test_one_sessions_greeting_does_not_shorten_anothers_commands(place: Place) -> None:
    """A new connection does not take away the room that an older one's extensions need."""

    def talk(port: int) -> None:
        sender = "a" * 480 + "@example.org"
        with client(port) as older:
            older.ehlo()
            with client(port):
                assert older.mail(sender, ["SIZE=100"])[0] == 250

    async def main() -> None:
        async with place.smtp() as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())


class _Lmtp(smtplib.LMTP):
    """The standard library's client, which reads the replies of each recipient."""

    def give(self, recipients: list[str], mail: bytes = MAIL) -> list[int]:
        """Hand a mail over and return the code for each recipient that was taken."""
        self.ehlo_or_helo_if_needed()
        self.mail("a@example.org")
        taken = [self.rcpt(each)[0] for each in recipients].count(250)
        self.putcmd("data")
        assert self.getreply()[0] == 354
        self.send(mail + b".\r\n")
        return [self.getreply()[0] for _ in range(taken)]


def test_lmtp_replies_for_each_recipient(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By port and by socket: a reply for each recipient that was taken, each the truth about its channel."""
    accept = place.door.submit

    async def but_for_sales(commands: Any) -> object:  # noqa: ANN401 - passed through
        if commands[0].channel == "sales":
            raise StoreUnavailable("away")
        return await accept(commands)

    monkeypatch.setattr(place.door, "submit", but_for_sales)
    everybody = ["sales@example.com", "nobody@example.com", SUPPORT, SUPPORT]

    def talk(port: int) -> None:
        with _Lmtp("localhost", port) as sender:
            assert sender.give(everybody) == [451, 250, 250]
            assert sender.give(everybody, MAIL + b"x" * 70 + b"\r\n" * 4096) == [552, 552, 552]
            assert sender.noop()[0] == 250, "no reply was left over"
        with _Lmtp(str(place.directory / "lmtp")) as sender:
            assert sender.give([SUPPORT]) == [250]
            assert sender.docmd("EHLO c")[0] == 500

    async def main() -> None:
        async with place.lmtp(max_message_bytes=4096) as server:
            await asyncio.to_thread(talk, server.port)

    asyncio.run(main())
    assert [command.channel for command in place.door.commands] == ["mail"]


def test_a_taken_place_is_a_wrong_setting(place: Place) -> None:
    """A second port, or a socket where none can be, is named; the first port is given back."""

    async def main() -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as other,
            pytest.raises(SettingsError, match="smtp: cannot listen"),
        ):
            async with place.smtp(tls=True, tls_port=other.getsockname()[1]):
                raise AssertionError
        place.directory.joinpath("lmtp").mkdir()
        with pytest.raises(SettingsError, match=r"lmtp\.socket: cannot listen at"):
            async with place.lmtp():
                raise AssertionError

    asyncio.run(main())
