"""Real IMAP servers, a folder of its own for each test, and what a reader needs around it."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from connectors.hosts.imap.connection import Connection
from connectors.hosts.imap.line import Line
from connectors.hosts.imap.login import by_password
from connectors.hosts.imap.reader import Mailbox, Office, Reader
from tests.imap_servers import PASSWORD, USER, ImapServer, dovecot, has_dovecot, has_pymap, pymap
from worker.mail_settings import MailboxSettings
from worker.store.memory import MemoryStore

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

T0 = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_NAMES = itertools.count(1)


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[ImapServer]:
    """A Dovecot for all tests."""
    if not has_dovecot():
        pytest.skip("dovecot is not installed (apt-get install dovecot-imapd)")
    with dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def pymap_server() -> Iterator[ImapServer]:
    """A pymap for all tests."""
    if not has_pymap():
        pytest.skip("pymap is not installed")
    with pymap() as server:
        yield server


@pytest.fixture(params=["dovecot", "pymap"])
def server(request: pytest.FixtureRequest) -> ImapServer:
    """Each server in turn."""
    found: ImapServer = request.getfixturevalue(f"{request.param}_server")
    return found


@dataclass
class Place:
    """A mailbox on a real server, and readers that come and go."""

    server: ImapServer
    mailbox: Mailbox
    door: "RecordingDoor"
    store: MemoryStore = field(default_factory=MemoryStore)
    now: datetime = T0
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def folder(self) -> str:
        """The folder that is read."""
        return self.mailbox.settings.folder

    @property
    def office(self) -> Office:
        """Where readers carry their mails."""
        return Office(self.door, self.store, lambda: self.now, lambda: f"{next(self.ids):032x}")

    def put(self, *mails: bytes) -> None:
        """Let mails arrive."""
        self.server.put(*mails, folder=self.folder)

    def set(self, **settings: Any) -> None:  # noqa: ANN401 - of any type
        """Change the mailbox's settings."""
        changed = {**self.mailbox.settings.model_dump(), **settings}
        self.mailbox = Mailbox(
            self.mailbox.connector, MailboxSettings.model_validate(changed), self.mailbox.address
        )

    @contextlib.asynccontextmanager
    async def reader(
        self, connected: Callable[[Connection], Connection] = lambda it: it
    ) -> AsyncIterator[Reader]:
        """Take the mailbox over from whoever had it, and connect."""
        self.now += timedelta(hours=1)
        office, line = self.office, Line("mail")
        lease = timedelta(seconds=self.mailbox.settings.lease_s)
        hold = await self.store.take_mailbox("mail", token=office.ids(), lease=lease, now=self.now)
        assert hold is not None
        login = by_password(USER, lambda: PASSWORD)
        connection = await line.ask(
            Connection.open, self.mailbox.settings, login, ssl.create_default_context()
        )
        try:
            yield Reader(self.mailbox, office, line, connected(connection), hold)
        finally:
            connection.cut()
            line.close()

    async def read(self) -> int:
        """Make one pass with a reader of its own."""
        async with self.reader() as reader:
            return await reader.read(lambda: False)

    def pass_once(self) -> int:
        """The same, for a test without a loop."""
        return asyncio.run(self.read())


def letter(name: str, text: str = "A mail.", **headers: str) -> bytes:
    """Return a mail whose Message-ID and subject are its name."""
    written = {
        "From": f"{name}@example.org",
        "Message-ID": f"<{name}@example.org>",
        "Subject": name,
        **headers,
    }
    head = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in written.items())
    return f"{head}\r\n{text}\r\n".encode()


@pytest.fixture
def place(server: ImapServer, mailbox: "Settled", door: "RecordingDoor") -> Place:
    """A new folder, read for the mail channel of the fixtures."""
    folder = f"box{next(_NAMES)}"
    with server.client() as client:
        client.create_folder(folder)
    settings = MailboxSettings(
        host="127.0.0.1", port=server.port, tls="none", user=USER, password="env:X", folder=folder
    )
    return Place(server, Mailbox(mailbox.connector, settings, USER), door)
