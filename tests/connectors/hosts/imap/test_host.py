"""Which mailboxes are read, and what is said of settings that cannot be."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from imapclient import IMAPClient

from connectors.hosts.imap.host import context_of, login_of, mailbox_of, mailboxes_of
from tests.certificates import self_signed
from worker.errors import SettingsError
from worker.mail_settings import MailboxSettings
from worker.secrets import Secrets
from worker.settings import ChannelSettings

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled


def channel(**settings: Any) -> ChannelSettings:  # noqa: ANN401 - of any type
    """Return a channel with a mailbox."""
    written = {"host": "imap.example.com", "user": "support@example.com", "password": "env:X", **settings}
    return ChannelSettings(
        connector="email", service="support", mailbox=MailboxSettings.model_validate(written)
    )


def test_a_mailbox_is_its_users_or_its_addresses(mailbox: "Settled") -> None:
    """The user is whose mail it is, where it is one of the channel's addresses; else that has to be said."""
    found = mailbox_of("mail", mailbox.connector, channel())
    assert found is not None
    assert (found.address, found.channel) == ("support@example.com", "mail")
    named = mailbox_of("mail", mailbox.connector, channel(user="jo", address="Support@example.com"))
    assert named is not None
    assert named.address == "Support@example.com"
    with pytest.raises(
        SettingsError, match=r"^channels\.mail\.mailbox: 'jo' is none of the channel's addresses"
    ):
        mailbox_of("mail", mailbox.connector, channel(user="jo"))


def test_only_mail_channels_read_mailboxes(mailbox: "Settled", tickets: "Settled") -> None:
    """A webhook channel cannot; a mail channel need not."""
    with pytest.raises(
        SettingsError, match=r"channels\.tickets\.mailbox is set, but .* 'webhook' reads no mailbox"
    ):
        mailbox_of("tickets", tickets.connector, channel())
    without = ChannelSettings(connector="email", service="support")
    channels = {"mail": mailbox.connector, "other": mailbox.connector}
    found = mailboxes_of(channels, {"mail": without, "other": channel()})
    assert len(found) == 1


def test_a_missing_authority_is_a_wrong_setting(tmp_path: Path) -> None:
    """Its file is named; one that is there is believed."""
    self_signed(tmp_path)
    secrets = Secrets(tmp_path)
    good, bad = channel(ca="file:server.crt").mailbox, channel(ca="file:nowhere").mailbox
    assert good is not None
    assert bad is not None
    assert context_of(good, secrets).cert_store_stats()["x509"] == 1
    with pytest.raises(SettingsError, match=r"mailbox\.ca .*nowhere cannot be used: No such file"):
        context_of(bad, secrets)


@dataclass
class Client(IMAPClient):  # type: ignore[misc]  # it has no types
    """Hears how it is logged into."""

    heard: list[Any] = field(default_factory=list)

    def has_capability(self, _: str) -> bool:
        """Be able to do everything."""
        return True

    def plain_login(self, *said: str) -> None:
        """Hear PLAIN."""
        self.heard += said

    def sasl_login(self, mechanism: str, answer: Any) -> None:  # noqa: ANN401 - a function
        """Hear any other."""
        self.heard += [mechanism, answer(b"")]


def test_logins_follow_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is read when it is needed; an account's token is had with the secrets of the settings."""
    monkeypatch.setenv("X", "sesame")
    (tmp_path / "refresh").write_text("old\n")
    asked = []

    def post(url: str, *, content: str, **_: Any) -> Any:  # noqa: ANN401 - passed through
        asked.append((url, content))
        return type(
            "Answer", (), {"status_code": 200, "text": '{"access_token": "t", "refresh_token": "new"}'}
        )

    monkeypatch.setattr("httpx.post", post)
    oauth = {
        "provider": "google",
        "client_id": "bridge",
        "client_secret": "env:X",
        "refresh_token": "file:refresh",
    }
    secrets, client = Secrets(tmp_path), Client()
    for settings in (channel().mailbox, channel(password=None, oauth=oauth).mailbox):
        assert settings is not None
        login_of(settings, secrets, lambda: datetime.now(UTC))(client)
    assert client.heard == [
        "support@example.com",
        "sesame",
        "XOAUTH2",
        b"user=support@example.com\1auth=Bearer t\1\1",
    ]
    assert asked[0][0] == "https://oauth2.googleapis.com/token"
    assert "refresh_token=old" in asked[0][1]
    assert (tmp_path / "refresh").read_text() == "new\n"
