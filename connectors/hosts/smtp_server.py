"""The SMTP server: aiosmtpd's protocol on the running event loop, and an orderly end of its sessions."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from aiosmtpd.smtp import SMTP

from connectors.base import Connector
from connectors.hosts.smtp import MailHandler
from worker.errors import SettingsError
from worker.ports import Clock, Door, Ids
from worker.settings import SmtpSettings

_BANNER = "openmedia-bridge"
# How long mails under way may take to be answered.
_GRACE_S = 10.0


class _Session(SMTP):
    """One connection."""

    # Mail with longer lines than the standard allows is common; refusing it would lose it.
    line_length_limit = 256 * 1024

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.sessions.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.left(self)


class _Handler(MailHandler):
    """The handler of every session, which also knows which of them are in the middle of a mail."""

    def __init__(self, channels: Mapping[str, Connector], *, door: Door, clock: Clock, ids: Ids) -> None:
        super().__init__(channels, door=door, clock=clock, ids=ids)
        self.sessions: set[Any] = set()
        self.busy: set[Any] = set()
        self.leaving = False
        self.empty = asyncio.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's
        """Answer the mail, and hang up after it when the host is leaving."""
        self.busy.add(server)
        try:
            # A sender that hangs up must not cancel a submission half way.
            return await asyncio.shield(super().handle_DATA(server, session, envelope))
        finally:
            self.busy.discard(server)
            if self.leaving and server.transport:
                # aiosmtpd writes the reply before the loop comes to this.
                asyncio.get_running_loop().call_soon(server.transport.close)

    def left(self, session: object) -> None:
        """Note that a connection has ended."""
        self.sessions.discard(session)
        if self.leaving and not self.sessions:
            self.empty.set()


class SmtpServer:
    """A server that answers; `start` makes it."""

    def __init__(self, server: asyncio.Server, handler: _Handler) -> None:
        self._server = server
        self._handler = handler
        #: The port it listens on.
        self.port: int = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Accept nothing more, answer the mails under way, hang up, and return."""
        handler = self._handler
        handler.leaving = True
        self._server.close()
        for session in handler.sessions - handler.busy:
            session.transport.close()
        if handler.sessions:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(handler.empty.wait(), _GRACE_S)
        for session in set(handler.sessions):
            session.transport.abort()
        await self._server.wait_closed()


async def start(
    channels: Mapping[str, Connector], *, door: Door, clock: Clock, ids: Ids, settings: SmtpSettings
) -> SmtpServer:
    """Serve the mail channels on the running loop; port 0 takes a free one. Raises SettingsError."""
    # Below warnings aiosmtpd logs every address and line it sees.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    loop = asyncio.get_running_loop()
    handler = _Handler(channels, door=door, clock=clock, ids=ids)

    def session() -> _Session:
        return _Session(
            handler,
            data_size_limit=settings.max_message_bytes,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname=_BANNER,
            ident="ESMTP",
            loop=loop,
        )

    host, port = settings.host, settings.port
    try:
        server = await loop.create_server(session, host, port)
    except OSError as error:
        raise SettingsError(
            f"smtp: cannot listen on {host} port {port}: {error.strerror or error}"
        ) from error
    return SmtpServer(server, handler)
