"""What `bridge check` says of mailboxes, against an IMAP server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.findings import Finding
from bridge.mailboxes import reached, secrets_of
from bridge.session import session
from tests.imap_servers import PASSWORD, USER, ImapServer, has_pymap, pymap
from worker.mail_settings import MailboxSettings

_SETTINGS = """
[services.support]
base_url = "http://127.0.0.1:9/nexus/v3"
api_key = "env:KEY"
[channels.mail]
connector = "email"
service = "support"
options = {{ addresses = ["{user}"] }}
[channels.mail.mailbox]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password = "env:MAIL"
folder = "{folder}"
done_folder = "Done"
[channels.hooks]
connector = "webhook"
service = "support"
verify = "none"
options = {{ rules = [{{ do = "create" }}], external_id = "body.id" }}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    """A mail server with one user."""
    if not has_pymap():
        pytest.skip("pymap is not installed")
    with pymap() as running:
        yield running


def found(
    environment: dict[str, str],
    directory: Path,
    port: int,
    *,
    password: str = PASSWORD,
    folder: str = "INBOX",
    channel: str = "mail",
) -> list[Finding]:
    """Look at a channel's mailbox as the settings have it."""
    (directory / "bridge.toml").write_text(_SETTINGS.format(user=USER, port=port, folder=folder))
    environment |= {"KEY": "k", "MAIL": password, "BRIDGE_STORE_URL": "redis://127.0.0.1:9/0"}
    if not password:
        del environment["MAIL"]

    async def look() -> list[Finding]:
        async with session() as bridge:
            return await reached(bridge, channel)

    return asyncio.run(look())


def test_a_mailbox_that_opens(environment: dict[str, str], tmp_path: Path, server: ImapServer) -> None:
    """It says who may read what; the folders that a poller would make are not made by looking."""
    (one,) = found(environment, tmp_path, server.port)
    assert (one.grade, one.text) == ("ok", f"127.0.0.1:{server.port} lets {USER} read INBOX")
    with server.client() as client:
        assert not client.folder_exists("Done")


def test_what_keeps_it_shut(environment: dict[str, str], tmp_path: Path, server: ImapServer) -> None:
    """A wrong password, a folder that is missing, nobody there: each with the setting to look at."""
    (login,) = found(environment, tmp_path, server.port, password="wrong")
    assert "refuses the login" in login.text
    assert "see channels.mail.mailbox.user" in login.text
    (folder,) = found(environment, tmp_path, server.port, folder="Nowhere")
    assert "is channels.mail.mailbox.folder right?" in folder.text
    (away,) = found(environment, tmp_path, 9)
    assert "are host, port and tls right?" in away.text
    assert {each.grade for each in (login, folder, away)} == {"problem"}


def test_what_is_not_asked(environment: dict[str, str], tmp_path: Path, server: ImapServer) -> None:
    """A channel without a mailbox; one whose secret is missing, which is a finding of its own."""
    assert found(environment, tmp_path, 9, channel="hooks") == []
    assert found(environment, tmp_path, server.port, password="") == []


def test_every_secret_of_a_login_is_named() -> None:
    """The password, or what OAuth needs."""
    by_password = MailboxSettings(host="h", user="u", password="env:P")
    oauth = {"provider": "google", "client_id": "c", "client_secret": "env:S", "refresh_token": "env:R"}
    by_token = MailboxSettings.model_validate({"host": "h", "user": "u", "oauth": oauth})
    assert (secrets_of(by_password), secrets_of(by_token), secrets_of(None)) == (
        ("env:P",),
        ("env:S", "env:R"),
        (),
    )
