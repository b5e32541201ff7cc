"""The mail doors' handler: mail for the channels' addresses, answered after the store accepted."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import structlog

from connectors.base import Answer, Connector, Delivery, Envelope
from connectors.headers import Headers
from connectors.hosts.answers import smtp_reply
from connectors.reception import never, receive
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

    def __init__(
        self,
        channels: Mapping[str, Connector],
        *,
        door: Door,
        clock: Clock,
        ids: Ids,
        is_paused: Callable[[str], bool] = never,
        each_recipient: bool = False,
    ) -> None:
        """`each_recipient` replies to a mail with one line for each, as LMTP asks for."""
        self._channels = tuple(each for each in channels.values() if isinstance(each, MailConnector))
        self._door = door
        self._clock = clock
        self._ids = ids
        self._is_paused = is_paused
        self._each_recipient = each_recipient

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        server: object,  # noqa: ARG002 - aiosmtpd's signature
        session: Any,  # noqa: ANN401 - aiosmtpd has no types
        envelope: object,  # noqa: ARG002 - as above
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Greet; a door without users offers no login."""
        session.host_name = hostname
        return [line for line in responses if line != "250-AUTH "]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: object,  # noqa: ARG002 - aiosmtpd's signature
        session: object,  # noqa: ARG002 - as above
        envelope: Any,  # noqa: ANN401 - aiosmtpd has no types
        address: str,
        options: list[str],
    ) -> str:
        """Take a recipient that is a channel's address."""
        takers = [each.channel for each in self._channels if each.takes(address)]
        if not takers:
            _log.warning("recipient_refused", reason="no channel has this address")
            return "550 5.1.1 No such mailbox here"
        if any(map(self._is_paused, takers)):
            _log.warning("recipient_refused", reason="a channel that has this address is paused")
            return "451 4.3.0 Come again later"
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
        answers = await self._submit(body, mail, peer)
        if not self._each_recipient:
            return smtp_reply(tuple(answers.values()))
        return "\r\n".join(smtp_reply(self._for(address, answers)) for address in mail.rcpt_tos)

    async def _submit(self, body: bytes, mail: Envelope, peer: str) -> dict[str, Answer]:
        trace_id = self._ids()
        arrived_at = self._clock()
        answers = {}
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
            answers[channel.channel] = await receive(channel, delivery, self._door, keep_conflicts=True)
        return answers

    def _for(self, address: str, answers: Mapping[str, Answer]) -> tuple[Answer, ...]:
        return tuple(answers[each.channel] for each in self._channels if each.takes(address))


def _text(address: str) -> str:
    """Return an address without the bytes that aiosmtpd smuggles through text."""
    return address.encode("utf-8", "backslashreplace").decode()
