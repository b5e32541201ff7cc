"""The steps of an SMTP session, without sockets."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
import structlog

from connectors.base import Connector, Envelope, Verified
from connectors.email.connector import EmailConnector
from connectors.hosts.smtp import MailHandler
from worker.commands import Command, Create
from worker.errors import StoreUnavailable

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

MAIL = b"Message-ID: <m1@example.org>\r\nSubject: Hello\r\n\r\nA first mail.\r\n"


@dataclass
class Session:
    """What the handler sees of aiosmtpd's session and envelope."""

    peer: tuple[str, int] | None = ("192.0.2.7", 4711)
    mail_from: str = "a@example.org"
    rcpt_tos: list[str] = field(default_factory=list)
    rcpt_options: list[str] = field(default_factory=list)
    content: bytes = MAIL


@pytest.fixture
def make_handler(
    mailbox: "Settled", tickets: "Settled", clock: Callable[[], datetime], ids: Callable[[], str]
) -> Callable[["RecordingDoor"], MailHandler]:
    """Make a handler for two mail channels and a webhook."""

    def make(door: "RecordingDoor", paused: str = "") -> MailHandler:
        mail = mailbox.connector
        assert isinstance(mail, EmailConnector)
        other = mail.options.model_copy(update={"addresses": frozenset({"sales@example.com"})})
        sales = replace(mail, channel="sales", options=other)
        channels: dict[str, Connector] = {"mail": mail, "tickets": tickets.connector, "sales": sales}
        return MailHandler(channels, door=door, clock=clock, ids=ids, is_paused=paused.__eq__)

    return make


def rcpt(handler: MailHandler, session: Session, address: str) -> str:
    """Name a recipient."""
    return asyncio.run(handler.handle_RCPT(None, session, session, address, ["OPTION"]))


def test_a_paused_channel_takes_no_recipient(
    make_handler: Callable[..., MailHandler], door: "RecordingDoor"
) -> None:
    """The sender comes again for that one, and the other channel's mail goes on."""
    handler, session = make_handler(door, "sales"), Session()
    assert rcpt(handler, session, "sales@example.com").startswith("451")
    assert rcpt(handler, session, "support@example.com").startswith("250")
    assert session.rcpt_tos == ["support@example.com"]


def test_only_our_addresses_are_recipients(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """A channel's address is taken; any other is refused, and the log does not hear which."""
    handler, session = make_handler(door), Session()
    with structlog.testing.capture_logs() as logs:
        replies = [rcpt(handler, session, f"{name}@example.com") for name in ("Support", "nobody", "sales")]
    assert replies == ["250 2.1.5 OK", "550 5.1.1 No such mailbox here", "250 2.1.5 OK"]
    assert session.rcpt_tos == ["Support@example.com", "sales@example.com"]
    assert session.rcpt_options == ["OPTION", "OPTION"]
    assert [line["event"] for line in logs] == ["recipient_refused"]
    assert "nobody@" not in str(logs)


def test_recipients_are_counted(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """After a hundred recipients the sender must begin another mail."""
    session = Session(rcpt_tos=["x"] * 100)
    assert rcpt(make_handler(door), session, "support@example.com").startswith("452")


def test_every_channel_gets_its_mail(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """A mail to recipients of two channels opens a conversation on each, and one trace leads to both."""
    session = Session(rcpt_tos=["support@example.com", "sales@example.com"])
    reply = asyncio.run(make_handler(door).handle_DATA(None, session, session))
    assert reply == "250 2.0.0 Accepted"
    assert [command.channel for command in door.commands] == ["mail", "sales"]
    assert len({command.trace_id for command in door.commands}) == 1


@dataclass(frozen=True)
class Counted(EmailConnector):
    """Another package's connector for mail: its key is the Message-ID alone, so its contents may differ."""

    def translate(self, verified: Verified) -> tuple[Command, ...]:  # type: ignore[override]  # no threads here
        """Return a command whose key says nothing of its content."""
        body = verified.delivery.body
        return (
            Create(
                service=self.service,
                external_id="c-1",
                idempotency_key=f"{self.channel}:m1",
                channel=self.channel,
                received_at=verified.delivery.arrived_at,
                user_data={"Subject": body.decode()},
            ),
        )


def test_a_conflict_is_kept_and_not_asked_for_again(
    mailbox: "Settled", door: "RecordingDoor", clock: Callable[[], datetime], ids: Callable[[], str]
) -> None:
    """One key with two contents: no sender could mend that, so it is acknowledged, and a person has both."""
    mail = mailbox.connector
    assert isinstance(mail, EmailConnector)
    handler = MailHandler(
        {"mail": Counted(mail.channel, mail.service, mail.options)}, door=door, clock=clock, ids=ids
    )
    envelope, second = Envelope("a@example.org", ("support@example.com",)), MAIL.replace(b"Hello", b"Other")
    replies = [asyncio.run(handler.take(body, envelope, "192.0.2.7")) for body in (MAIL, second)]
    assert replies == ["250 2.0.0 Accepted", "250 2.0.0 Kept for a person to compare with its first version"]
    assert len(door.commands) == 1
    assert [letter.body for letter in door.letters.values()] == [second]


def test_all_channels_or_none(
    make_handler: Callable[["RecordingDoor"], MailHandler],
    door: "RecordingDoor",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If one of two channels cannot accept, the sender comes again, and nothing is doubled then."""
    handler = make_handler(door)
    session = Session(rcpt_tos=["support@example.com", "sales@example.com"])
    accept = door.submit

    async def half(commands: list[object]) -> object:
        if door.commands:
            raise StoreUnavailable("away")
        return await accept(commands)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(door, "submit", half)
    assert asyncio.run(handler.handle_DATA(None, session, session)).startswith("451")
    monkeypatch.undo()
    assert asyncio.run(handler.handle_DATA(None, session, session)).startswith("250")
    assert [command.channel for command in door.commands] == ["mail", "sales"]


def test_another_mail_with_the_same_id_is_another_mail(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """The same Message-ID with another content is accepted beside the first one."""
    handler = make_handler(door)
    for content in (MAIL, MAIL.replace(b"Hello", b"[list] Hello")):
        session = Session(rcpt_tos=["support@example.com"], content=content)
        assert asyncio.run(handler.handle_DATA(None, session, session)).startswith("250")
    assert len(door.commands) == 2


def test_odd_bytes_in_addresses_do_no_harm(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """Addresses with bytes that are no text, and a peer that is not known, still leave a letter."""
    deep = b"Content-Type: message/rfc822\n\n" * 100
    session = Session(None, "\udcff@example.org", ["\udcfe@help.example.com"], content=deep)
    assert asyncio.run(make_handler(door).handle_DATA(None, session, session)).startswith("250")
    (letter,) = door.letters.values()
    assert letter.headers[0] == ("Return-Path", "\\udcff@example.org")
    assert letter.peer == ""
    letter.model_dump_json()


def test_a_mail_for_nobody_is_not_accepted(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """A mail that no channel takes is never acknowledged."""
    mail = Envelope("a@example.org", ("nobody@example.com",))
    assert asyncio.run(make_handler(door).take(MAIL, mail, "")).startswith("451")


def test_faults_are_excused(
    make_handler: Callable[["RecordingDoor"], MailHandler], door: "RecordingDoor"
) -> None:
    """Whatever breaks in a session, the sender hears 451 and no details."""
    with structlog.testing.capture_logs() as logs:
        reply = asyncio.run(make_handler(door).handle_exception(KeyError("detail")))
    assert reply == "451 4.3.0 Come again later"
    assert logs[0]["reason"] == "KeyError"
