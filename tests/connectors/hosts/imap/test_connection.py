"""Connections are encrypted where that is asked for, and believed only where they prove themselves."""

import asyncio
import ssl

import pytest

from connectors.hosts.imap.connection import Connection
from connectors.hosts.imap.errors import MailboxAway, MailboxRefused
from connectors.hosts.imap.line import Line
from connectors.hosts.imap.login import by_password
from tests.connectors.hosts.imap.conftest import Place, letter
from tests.imap_servers import PASSWORD, USER, ImapServer, has_dovecot
from worker.mail_settings import MailboxSettings
from worker.mailboxes import Filing


@pytest.fixture
def server(request: pytest.FixtureRequest) -> ImapServer:
    """One server is enough here: what differs between them is proved with the reader."""
    found: ImapServer = request.getfixturevalue("dovecot_server" if has_dovecot() else "pymap_server")
    return found


def opened(server: ImapServer, context: ssl.SSLContext | None = None, **settings: object) -> None:
    """Open a connection, look into the folder, and leave."""
    written = {"host": "127.0.0.1", "user": USER, "password": "env:X", "timeout_s": 10, **settings}
    line = Line("mail")

    async def main() -> None:
        connection = await line.ask(
            Connection.open,
            MailboxSettings.model_validate(written),
            by_password(USER, lambda: PASSWORD),
            context or ssl.create_default_context(cafile=server.certificate),
        )
        await line.ask(connection.select)
        await line.ask(connection.leave)

    try:
        asyncio.run(main())
    finally:
        line.close()


def test_tls_from_the_first_byte_and_by_starttls(dovecot_server: ImapServer) -> None:
    """Both work with the certificate that is trusted."""
    opened(dovecot_server, port=dovecot_server.tls_port, tls="implicit")
    opened(dovecot_server, port=dovecot_server.port, tls="starttls")


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_strangers_certificate_is_not_believed(dovecot_server: ImapServer, tls: str) -> None:
    """Without its certificate among those believed, nothing is sent to the server."""
    port = dovecot_server.tls_port if tls == "implicit" else dovecot_server.port
    with pytest.raises(MailboxAway, match="certificate verify failed"):
        opened(dovecot_server, ssl.create_default_context(), port=port, tls=tls)


def test_a_missing_folder_is_the_servers_no(dovecot_server: ImapServer) -> None:
    """It is told in the server's words."""
    line = Line("mail")
    settings = MailboxSettings(
        host="127.0.0.1", port=dovecot_server.port, tls="none", user=USER, password="env:X", folder="Nowhere"
    )

    async def main() -> None:
        connection = await line.ask(
            Connection.open, settings, by_password(USER, lambda: PASSWORD), ssl.create_default_context()
        )
        try:
            await line.ask(connection.select)
        finally:
            connection.cut()
            line.close()

    with pytest.raises(MailboxRefused, match=r"the server says: .*doesn't exist"):
        asyncio.run(main())


def test_moving_without_move(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot move copies and expunges just those; without UIDPLUS it marks them as deleted."""
    place.set(done_folder=f"{place.folder}-done")
    place.put(letter("one"), letter("two"))
    with place.server.client() as client:
        client.select_folder(place.folder)
        uids = client.search("ALL")
        client.add_flags([uids[1]], ["\\Deleted"])
        can = type(client).has_capability
        connection = Connection(client, place.mailbox.settings)
        connection.make_folders()
        connection.select()
        lacking = {"MOVE"}
        monkeypatch.setattr(
            type(client), "has_capability", lambda self, name: name not in lacking and can(self, name)
        )
        connection.file([uids[0]], Filing.DONE)
        assert client.search("ALL") == [uids[1]], "somebody else's deletion stays as it is"
        lacking.add("UIDPLUS")
        connection.file([uids[1]], Filing.DONE)
        assert client.search("ALL") == [uids[1]]
        assert connection.unmarked(uids[1]) == []
    assert place.server.subjects(f"{place.folder}-done") == ["one", "two"]


def test_what_is_gone_is_no_trouble(place: Place) -> None:
    """A mail that somebody deleted meanwhile has no size, no bytes, and needs no filing."""
    place.put(letter("one"))
    with place.server.client() as client:
        connection = Connection(client, place.mailbox.settings)
        connection.select()
        (uid,) = connection.above(0)
        assert connection.above(uid) == []
        assert connection.listed([uid + 7]) == {}
        assert connection.mail(uid + 7) is None
        assert connection.head(uid + 7) is None
        connection.file([uid + 7], Filing.DONE)
