"""The host: every mailbox that the settings name, with its login and its poller."""

import random
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from connectors.base import Connector
from connectors.hosts.imap.login import Login, by_password, by_token
from connectors.hosts.imap.oauth import OAuthTokens
from connectors.hosts.imap.poller import Poller, Pollers
from connectors.hosts.imap.reader import Mailbox, Office
from connectors.hosts.smtp import MailConnector
from connectors.reception import never
from worker.errors import SettingsError
from worker.mail_settings import MailboxSettings
from worker.ports import Clock, Dice
from worker.settings import ChannelSettings


class SecretPlaces(Protocol):
    """Where the settings' references lead."""

    def reader(self, reference: str) -> Callable[[], str]:
        """Return a function that gives a secret's present value."""

    def path(self, reference: str) -> Path:
        """Return the file that a `file:` reference names."""

    def replace(self, reference: str, value: str) -> bool:
        """Write a new value where a reference leads; False where that is no file."""


def mailbox_of(name: str, connector: Connector, settings: ChannelSettings) -> Mailbox | None:
    """Return a channel's mailbox, None where it has none. Raises SettingsError."""
    if settings.mailbox is None:
        return None
    path = f"channels.{name}.mailbox"
    if "imap" not in connector.hosts or not isinstance(connector, MailConnector):
        raise SettingsError(f"{path} is set, but a connector of the kind {connector.name!r} reads no mailbox")
    address = settings.mailbox.address or settings.mailbox.user
    if not connector.takes(address):
        raise SettingsError(
            f"{path}: {address!r} is none of the channel's addresses; set {path}.address to the one whose "
            "mail this is"
        )
    return Mailbox(connector, settings.mailbox, address)


def login_of(settings: MailboxSettings, secrets: SecretPlaces, clock: Clock) -> Login:
    """Return how a mailbox is logged into."""
    if settings.password is not None:
        return by_password(settings.user, secrets.reader(settings.password))
    oauth = settings.oauth
    assert oauth is not None, "the settings ask for one of the two"  # noqa: S101 - says it to mypy
    tokens = OAuthTokens(
        oauth,
        client_secret=secrets.reader(oauth.client_secret),
        refresh_token=secrets.reader(oauth.refresh_token) if oauth.refresh_token else None,
        keep=lambda new: secrets.replace(oauth.refresh_token or "", new),
        clock=clock,
    )
    return by_token(settings.user, tokens)


def context_of(settings: MailboxSettings, secrets: SecretPlaces) -> ssl.SSLContext:
    """Return what believes the server. Raises SettingsError."""
    authority = secrets.path(settings.ca) if settings.ca else None
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise SettingsError(f"mailbox.ca {authority} cannot be used: {error.strerror or error}") from error


def start(
    mailboxes: tuple[Mailbox, ...],
    office: Office,
    secrets: SecretPlaces,
    *,
    is_paused: Callable[[str], bool] = never,
    dice: Dice = random.random,
) -> Pollers:
    """Read the mailboxes on the running loop, until the pollers are stopped. Raises SettingsError."""
    return Pollers(
        tuple(
            Poller(
                each,
                office,
                login_of(each.settings, secrets, office.clock),
                context_of(each.settings, secrets),
                dice=dice,
                is_paused=is_paused,
            )
            for each in mailboxes
        )
    )


def mailboxes_of(
    channels: Mapping[str, Connector], settings: Mapping[str, ChannelSettings]
) -> tuple[Mailbox, ...]:
    """Return every mailbox that is to be read. Raises SettingsError."""
    found = (mailbox_of(name, connector, settings[name]) for name, connector in channels.items())
    return tuple(each for each in found if each)
