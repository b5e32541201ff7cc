"""SMTP sessions: one connection each, aiosmtpd's protocol with the bridge's limits, and LMTP beside it."""

import asyncio
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Protocol, cast

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, syntax

from connectors.hosts.smtp_data import DataRefused, read_data
from connectors.hosts.smtp_login import Login
from connectors.hosts.smtp_tls import Certificate
from connectors.plain_address import PLAIN_ADDRESS
from worker.mail_settings import SmtpSettings

_BANNER = "openmedia-bridge"
#: The longest AUTH line that RFC 4954 (section 4) allows.
_AUTH_LINE = 12_288
_PLAIN_PATH = re.compile(rf"<({PLAIN_ADDRESS})>(?:\Z| +(?=[a-z]))", re.ASCII | re.IGNORECASE)

# What the standard library has been seen to raise for paths that end too early, such as `<` and `a@[`.
_GRAMMAR_FAULTS = (IndexError, AttributeError, UnboundLocalError)


class Desk(Protocol):
    """Who keeps the sessions."""

    def admit(self, session: object, peer: str) -> bool:
        """Say whether one more connection from there is taken, and count it if so."""

    def left(self, session: object) -> None:
        """Note that a connection has ended."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every session of a port."""

    settings: SmtpSettings
    login: Login
    certificate: Certificate | None = None
    #: Whether connections begin with TLS.
    implicit: bool = False


class Session(SMTP):
    """One connection."""

    # Mail with longer lines than the standard allows is common; refusing it would lose it.
    line_length_limit = 256 * 1024

    def __init__(self, desk: Desk, terms: Terms) -> None:
        settings, offered = terms.settings, terms.certificate and not terms.implicit
        super().__init__(
            desk,
            data_size_limit=settings.max_message_bytes,
            enable_SMTPUTF8=True,
            decode_data=False,
            hostname=_BANNER,
            ident="ESMTP",
            tls_context=terms.certificate.context if terms.certificate and offered else None,
            require_starttls=settings.require_tls,
            timeout=settings.timeout_s,
            auth_required=bool(settings.users),
            auth_exclude_mechanism=() if settings.users else ("LOGIN", "PLAIN"),
            authenticator=terms.login,
            loop=asyncio.get_running_loop(),
        )
        # aiosmtpd knows only TLS that began by STARTTLS, and warns of logins without.
        self._auth_require_tls = not (terms.implicit or settings.allow_plain_login)
        # aiosmtpd keeps these for all sessions together, and clears them with each new one.
        self.command_size_limits = defaultdict(lambda: self.command_size_limit, AUTH=_AUTH_LINE)
        self._desk = desk
        self._max_bytes = settings.max_message_bytes
        self._max_errors = settings.max_errors
        self._errors = 0
        self._turned_away = False

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - a transport that writes
        """Take the connection if there is room; also called when STARTTLS has changed the transport."""
        address = transport.get_extra_info("peername")
        if not self._desk.admit(self, address[0] if address else ""):
            self._turned_away = True
            transport.write(b"421 4.7.0 Too many connections, come again later\r\n")
            transport.close()
            return
        super().connection_made(transport)
        if encrypted := transport.get_extra_info("ssl_object"):
            cast("Any", self.session).ssl = encrypted

    def eof_received(self) -> bool | None:
        """End a connection that was taken."""
        return False if self._turned_away else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        if not self._turned_away:
            super().connection_lost(error)
            self._desk.left(self)

    async def push(self, status: Any) -> None:  # noqa: ANN401 - text or bytes
        """Reply, and end the connection of a sender whose commands were refused too often."""
        await super().push(status)
        if status[:1] in {"5", b"5"}:
            self._errors += 1
            if self._errors == self._max_errors:
                await super().push("421 4.7.0 Too many errors")
                self.hang_up()

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Read a mail, have it answered, and reply."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope: Any = self.envelope
        if not envelope.rcpt_tos or arg:
            await self.push("501 Syntax: DATA" if envelope.rcpt_tos else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        limits = {"size_limit": self._max_bytes, "line_limit": self.line_length_limit}
        try:
            envelope.content = envelope.original_content = await read_data(self._reader, **limits)
        except DataRefused as refused:
            reply = str(refused)
        else:
            reply = await self._call_handler_hook("DATA")
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's
        await self.push(reply)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        if plain := _PLAIN_PATH.match(arg):
            return plain[1], arg[plain.end() :]
        try:
            return super()._getaddr(arg)
        except _GRAMMAR_FAULTS:
            return None, None

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a mechanism in any case of its letters (RFC 4422, section 3.1)."""
        mechanism, blank, rest = (arg or "").partition(" ")
        await super().smtp_AUTH(mechanism.upper() + blank + rest)

    def hang_up(self) -> None:
        """Close the connection after what was written to it."""
        if self.transport:
            self.transport.close()

    def _timeout_cb(self) -> None:
        self._writer.write(b"421 4.4.2 Too slow\r\n")
        super()._timeout_cb()  # type: ignore[no-untyped-call]  # aiosmtpd's


class LmtpSession(Session, LMTP):
    """One connection by LMTP: after the data each recipient that was taken gets a reply (RFC 2033, 4.2)."""

    _replies = 1

    async def push(self, status: Any) -> None:  # noqa: ANN401 - text or bytes
        """Give what is said about a whole mail, as that it is too large, for each of its recipients."""
        text = status.decode() if isinstance(status, bytes) else status
        if self._replies > 1 and "\r\n" not in text:
            text = "\r\n".join([text] * self._replies)
        self._replies = len(self._recipients()) if text.startswith("354") else 1
        await super().push(text)

    def _recipients(self) -> list[Any]:
        return self.envelope.rcpt_tos if self.envelope else []
