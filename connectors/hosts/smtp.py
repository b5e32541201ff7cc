"""The SMTP host: mail for the channels' addresses, answered after the store accepted."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import structlog

from connectors.base import Connector, Delivery, Envelope
from connectors.headers import Headers
from connectors.hosts.answers import smtp_reply
from connectors.reception import receive
from worker.ports import Clock, Door, Ids

_log: Any = structlog.get_logger()

_RECIPIENTS = 100


@runtime_checkable
class MailConnector(Connector, Protocol):
    """A connector that is fed by mail."""

    def takes(self, address: str) -> bool:
        """Say whether mail to this recipient is the channel's."""


class MailHandler:
    """What aiosmtpd asks at each step of a session. The reply is the return value."""

    def __init__(self, channels: Mapping[str, Connector], *, door: Door, clock: Clock, ids: Ids) -> None:
        self._channels = tuple(each for each in channels.values() if isinstance(each, MailConnector))
        self._door = door
        self._clock = clock
        self._ids = ids

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: object,  # noqa: ARG002 - aiosmtpd's signature
        session: object,  # noqa: ARG002 - as above
        envelope: Any,  # noqa: ANN401 - aiosmtpd has no types
        address: str,
        options: list[str],
    ) -> str:
        """Take a recipient that is a channel's address."""
        if not any(channel.takes(address) for channel in self._channels):
            _log.warning("recipient_refused", reason="no channel has this address")
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= _RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: object, session: Any, envelope: Any) -> str:  # noqa: ANN401, ARG002, N802 - aiosmtpd's
        """Give the mail to every channel that has a recipient in it."""
        peer = session.peer[0] if session.peer else ""
        mail = Envelope(_text(envelope.mail_from), tuple(map(_text, envelope.rcpt_tos)))
        return await self.take(envelope.content, mail, peer)

    async def handle_exception(self, error: Exception) -> str:
        """Excuse a fault of ours without showing it."""
        _log.error("smtp_session_failed", reason=type(error).__name__, exc_info=error)
        return "451 4.3.0 Come again later"

    async def take(self, body: bytes, mail: Envelope, peer: str) -> str:
        """Submit one mail to its channels and return the reply."""
        trace_id = self._ids()
        arrived_at = self._clock()
        answers = []
        for channel in self._channels:
            if not any(map(channel.takes, mail.rcpt_tos)):
                continue
            delivery = Delivery(
                channel=channel.channel,
                headers=Headers(),
                body=body,
                arrived_at=arrived_at,
                peer=peer,
                envelope=mail,
                trace_id=trace_id,
            )
            answers.append(await receive(channel, delivery, self._door, keep_conflicts=True))
        return smtp_reply(tuple(answers))


def _text(address: str) -> str:
    """Return an address without the bytes that aiosmtpd smuggles through text."""
    return address.encode("utf-8", "backslashreplace").decode()
