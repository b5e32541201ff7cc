"""The mail servers: SMTP and LMTP sessions on the running event loop, and an orderly end of them."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.base import Connector
from connectors.hosts.smtp import MailHandler
from connectors.hosts.smtp_login import Login
from connectors.hosts.smtp_session import LmtpSession, Session, Terms
from connectors.hosts.smtp_tls import Certificate
from connectors.reception import never
from worker.errors import SettingsError
from worker.mail_settings import LmtpSettings, SmtpSettings
from worker.ports import Clock, Door, Ids

#: How long mails under way may take to be answered.
_GRACE_S = 10.0
_NOBODY: Final = Login({})


class _Desk(MailHandler):
    """The handler of every session, which also knows which of them are in the middle of a mail."""

    def __init__(
        self,
        channels: Mapping[str, Connector],
        settings: SmtpSettings,
        *,
        door: Door,
        clock: Clock,
        ids: Ids,
        is_paused: Callable[[str], bool],
        each_recipient: bool = False,
    ) -> None:
        super().__init__(
            channels,
            door=door,
            clock=clock,
            ids=ids,
            is_paused=is_paused,
            each_recipient=each_recipient,
        )
        self._settings = settings
        #: Every session, and where it comes from.
        self.sessions: dict[Any, str] = {}
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
            if self.leaving:
                # aiosmtpd writes the reply before the loop comes to this.
                asyncio.get_running_loop().call_soon(server.hang_up)

    def admit(self, session: object, peer: str) -> bool:
        """See `connectors.hosts.smtp_session.Desk.admit`."""
        if session in self.sessions:
            return True
        settings, here = self._settings, list(self.sessions.values())
        # A unix socket's peers have no address; whoever may write to it is trusted with all of it.
        many = peer and here.count(peer) >= settings.max_connections_per_peer
        if many or len(here) >= settings.max_connections:
            return False
        self.sessions[session] = peer
        return True

    def left(self, session: object) -> None:
        """See `connectors.hosts.smtp_session.Desk.left`."""
        self.sessions.pop(session, None)
        if self.leaving and not self.sessions:
            self.empty.set()


class SmtpServer:
    """A server that answers; `start` and `start_lmtp` make it."""

    def __init__(self, desk: _Desk) -> None:
        self._servers: list[asyncio.Server] = []
        self._desk = desk

    @property
    def ports(self) -> tuple[int, ...]:
        """The TCP ports it listens on."""
        names = [each.getsockname() for server in self._servers for each in server.sockets]
        return tuple(name[1] for name in names if isinstance(name, tuple))

    @property
    def port(self) -> int:
        """The first of them."""
        return self.ports[0]

    async def listen(
        self, session: Callable[[], Session], host: str, port: int, certificate: Certificate | None = None
    ) -> None:
        """Listen on one more port; with a certificate, connections begin with TLS. Raises SettingsError."""
        context = certificate.context if certificate else None
        loop = asyncio.get_running_loop()
        try:
            self._servers.append(await loop.create_server(session, host, port, ssl=context))
        except OSError as error:
            raise SettingsError(
                f"smtp: cannot listen on {host} port {port}: {error.strerror or error}"
            ) from error

    async def listen_at(self, session: Callable[[], Session], path: str) -> None:
        """Listen on a unix socket as well. Raises SettingsError."""
        try:
            self._servers.append(await asyncio.get_running_loop().create_unix_server(session, path))
        except OSError as error:
            raise SettingsError(f"lmtp.socket: cannot listen at {path}: {error.strerror or error}") from error

    async def stop(self) -> None:
        """Accept nothing more, answer the mails under way, hang up, and return."""
        desk = self._desk
        desk.leaving = True
        for server in self._servers:
            server.close()
        for session in set(desk.sessions) - desk.busy:
            session.hang_up()
        if desk.sessions:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(desk.empty.wait(), _GRACE_S)
        for session in set(desk.sessions):
            session.transport.abort()
        for server in self._servers:
            await server.wait_closed()


async def start(
    channels: Mapping[str, Connector],
    *,
    door: Door,
    clock: Clock,
    ids: Ids,
    settings: SmtpSettings,
    is_paused: Callable[[str], bool] = never,
    certificate: Certificate | None = None,
    login: Login = _NOBODY,
) -> SmtpServer:
    """Serve the mail channels by SMTP on the running loop. Raises SettingsError."""
    _hush()
    desk = _Desk(channels, settings, door=door, clock=clock, ids=ids, is_paused=is_paused)
    server = SmtpServer(desk)

    def session(*, implicit: bool) -> Session:
        if certificate:
            certificate.refresh()
        return Session(desk, Terms(settings, login, certificate, implicit=implicit))

    try:
        await server.listen(lambda: session(implicit=False), settings.host, settings.port)
        if settings.tls_port is not None:
            await server.listen(lambda: session(implicit=True), settings.host, settings.tls_port, certificate)
    except SettingsError:
        await server.stop()
        raise
    return server


async def start_lmtp(
    channels: Mapping[str, Connector],
    *,
    door: Door,
    clock: Clock,
    ids: Ids,
    settings: LmtpSettings,
    limits: SmtpSettings,
    is_paused: Callable[[str], bool] = never,
) -> SmtpServer:
    """Serve the mail channels by LMTP, within SMTP's sizes, numbers and times. Raises SettingsError."""
    _hush()
    # Who stands beside us needs neither a login nor TLS, and comes from one address with all its mail.
    alone = {"users": {}, "require_tls": False, "max_connections_per_peer": limits.max_connections}
    limits = limits.model_copy(update=alone)
    desk = _Desk(channels, limits, door=door, clock=clock, ids=ids, is_paused=is_paused, each_recipient=True)
    server = SmtpServer(desk)

    def session() -> LmtpSession:
        return LmtpSession(desk, Terms(limits, _NOBODY))

    try:
        if settings.port is not None:
            await server.listen(session, settings.host, settings.port)
        if settings.socket:
            await server.listen_at(session, settings.socket)
    except SettingsError:
        await server.stop()
        raise
    return server


def _hush() -> None:
    # Below warnings aiosmtpd logs every address and line it sees.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
