"""The mail connector: a mail to one of the channel's addresses, as the command it stands for."""

from dataclasses import dataclass
from typing import ClassVar

from connectors.base import Delivery, Host, Ignored, Manners, Refused, Verified
from connectors.email.message import parse
from connectors.email.options import EmailOptions
from connectors.email.properties import user_data
from connectors.idempotency import idempotency_key
from connectors.prover import Prover
from worker.commands import Command, Create, OnConflict, OnEnded, OnMissing, Update, conversation_id
from worker.settings import ChannelSettings


@dataclass(frozen=True, slots=True)
class EmailConnector:
    """Implements `connectors.base.Connector`."""

    name: ClassVar[str] = "email"
    hosts: ClassVar[frozenset[Host]] = frozenset({"smtp"})
    manners: ClassVar[Manners] = Manners()

    channel: str
    service: str
    options: EmailOptions

    def takes(self, address: str) -> bool:
        """Say whether mail to this recipient is the channel's."""
        return self.options.names(address)

    def verify(self, delivery: Delivery) -> Verified:
        """See `connectors.base.Connector.verify`: mail proves nothing but whom it is for."""
        envelope = delivery.envelope
        if envelope is None or not any(map(self.takes, envelope.rcpt_tos)):
            raise Refused("no recipient is one of the channel's addresses", told="No such mailbox here.")
        return Verified(delivery, "recipient")

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored:
        """See `connectors.base.Connector.translate`."""
        delivery = verified.delivery
        mail = parse(delivery.body)
        properties = user_data(mail, self.options.preview_chars)
        service, channel, trace_id = self.service, self.channel, delivery.trace_id
        external_id = conversation_id(channel, mail.thread.root)
        key = idempotency_key(channel, mail.message_id or None, delivery.body)
        # The Date header may be forged or late, and must not make a message look older than a stop.
        received_at = delivery.arrived_at
        if mail.thread.is_reply:
            return (
                Update(
                    service=service,
                    external_id=external_id,
                    idempotency_key=key,
                    channel=channel,
                    received_at=received_at,
                    trace_id=trace_id,
                    changed=properties,
                    on_missing=OnMissing.CREATE,
                    on_ended=OnEnded.FOLLOW_UP,
                ),
            )
        return (
            Create(
                service=service,
                external_id=external_id,
                idempotency_key=key,
                channel=channel,
                received_at=received_at,
                trace_id=trace_id,
                user_data=properties,
                on_conflict=OnConflict.UPDATE,
            ),
        )


def build_email(channel: str, settings: ChannelSettings, prover: Prover) -> EmailConnector:  # noqa: ARG001 - mail is proved by whom it is for
    """Return a channel's connector. Raises pydantic's ValidationError for its options."""
    return EmailConnector(channel, settings.service, EmailOptions.model_validate(dict(settings.options)))
