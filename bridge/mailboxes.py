"""Mailboxes: whether each can be opened. Part of `bridge check`; reads no mail and makes no folder."""

import asyncio
from typing import Final

from bridge.findings import Finding, ok, problem
from connectors.hosts.imap.connection import Connection
from connectors.hosts.imap.errors import LoginRefused, MailboxAway
from connectors.hosts.imap.host import context_of, login_of
from connectors.hosts.imap.line import Line
from worker.errors import BridgeError, SecretMissing
from worker.mail_settings import MailboxSettings
from worker.wiring import Bridge

#: A check waits no longer, however patient the poller is.
_PATIENCE_S: Final = 10.0
#: Folders that mail is moved to are made when they are missing; a look makes none.
_ONLY_LOOKS: Final = {"done_folder": "", "failed_folder": "", "ignored_folder": ""}


def secrets_of(settings: MailboxSettings | None) -> tuple[str, ...]:
    """Return the references to secrets that a mailbox needs."""
    if settings is None:
        return ()
    oauth = settings.oauth
    wanted = (settings.password, oauth and oauth.client_secret, oauth and oauth.refresh_token)
    return tuple(each for each in wanted if each)


async def reached(bridge: Bridge, channel: str) -> list[Finding]:
    """Return whether a channel's mailbox opens; nothing for a channel that has none."""
    settings = bridge.settings.channels[channel].mailbox
    if settings is None:
        return []
    what, server = f"channels.{channel}.mailbox", ":".join(map(str, settings.server))
    line = Line(channel)
    try:
        for reference in secrets_of(settings):
            bridge.secrets.value(reference)
        async with asyncio.timeout(2 * _PATIENCE_S):
            await _open(bridge, line, settings)
    except SecretMissing:
        return []  # said already
    except LoginRefused as error:
        return [problem(what, f"{server}: {error}; see {what}.user and its password or oauth")]
    except TimeoutError:
        return [problem(what, f"{server}: it takes too long; are host, port and tls right?")]
    except MailboxAway as error:
        return [problem(what, f"{server}: {error}; are host, port and tls right?")]
    except BridgeError as error:
        return [problem(what, f"{server}: {error}; is {what}.folder right?")]
    finally:
        line.close()
    return [ok(what, f"{server} lets {settings.user} read {settings.folder}")]


async def _open(bridge: Bridge, line: Line, settings: MailboxSettings) -> None:
    quick = {"timeout_s": min(settings.timeout_s, _PATIENCE_S)}
    looking = settings.model_copy(update={**_ONLY_LOOKS, **quick})
    login = login_of(settings, bridge.secrets, bridge.clock)
    connection = await line.ask(Connection.open, looking, login, context_of(settings, bridge.secrets))
    try:
        await line.ask(connection.select, readonly=True)
    finally:
        connection.cut()
