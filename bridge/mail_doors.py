"""The doors for mail: SMTP, LMTP and mailboxes that are read, each opened only where it is wanted."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, Literal

from connectors.base import Connector
from connectors.hosts import smtp_server
from connectors.hosts.imap import host as imap
from connectors.hosts.imap.reader import Office
from connectors.hosts.smtp import MailConnector
from connectors.hosts.smtp_login import Login
from connectors.hosts.smtp_tls import Certificate
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge, new_id

#: The doors of one process; LMTP is opened with SMTP.
Door = Literal["http", "smtp", "imap"]
DOORS: Final[tuple[Door, ...]] = ("http", "smtp", "imap")


@contextlib.asynccontextmanager
async def mail_doors(
    bridge: Bridge,
    channels: Mapping[str, Connector],
    is_paused: Callable[[str], bool],
    doors: frozenset[Door] = frozenset(DOORS),
) -> AsyncIterator[None]:
    """Keep the doors for mail open; at the end, what is on its way through them is finished first.

    Raises SettingsError.
    """
    settings = bridge.settings
    async with contextlib.AsyncExitStack() as stack:
        if "smtp" in doors and wants_smtp(settings, channels):
            server = await smtp_server.start(
                channels,
                door=bridge.intake,
                clock=bridge.clock,
                ids=new_id,
                settings=settings.smtp,
                is_paused=is_paused,
                certificate=_certificate(settings, bridge.secrets),
                login=_login(settings, bridge.secrets),
            )
            stack.push_async_callback(server.stop)
        if "smtp" in doors and (settings.lmtp.port is not None or settings.lmtp.socket):
            server = await smtp_server.start_lmtp(
                channels,
                door=bridge.intake,
                clock=bridge.clock,
                ids=new_id,
                settings=settings.lmtp,
                limits=settings.smtp,
                is_paused=is_paused,
            )
            stack.push_async_callback(server.stop)
        mailboxes = imap.mailboxes_of(channels, settings.channels) if "imap" in doors else ()
        if mailboxes:
            office = Office(bridge.intake, bridge.store, bridge.clock, new_id)
            pollers = imap.start(mailboxes, office, bridge.secrets, is_paused=is_paused)
            stack.push_async_callback(pollers.stop)
        yield


def wants_smtp(settings: Settings, channels: Mapping[str, Connector]) -> bool:
    """Say whether the SMTP port is to be opened: as set, or for a mail channel that has no other way in."""
    if settings.smtp.enabled is not None:
        return settings.smtp.enabled
    return any(
        isinstance(connector, MailConnector) and settings.channels[name].mailbox is None
        for name, connector in channels.items()
    )


def _certificate(settings: Settings, secrets: Secrets) -> Certificate | None:
    smtp = settings.smtp
    if smtp.certificate is None or smtp.private_key is None:
        return None
    return Certificate.read(secrets.path(smtp.certificate), secrets.path(smtp.private_key))


def _login(settings: Settings, secrets: Secrets) -> Login:
    return Login({name: secrets.reader(reference) for name, reference in settings.smtp.users.items()})
