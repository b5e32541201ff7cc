"""The webhook connector: a proved delivery, read and mapped by rules."""

from dataclasses import dataclass, field
from typing import ClassVar

from connectors.base import Delivery, Handshake, Host, Ignored, Manners, Verified
from connectors.prover import Prover
from connectors.webhook.mapping import Mapper
from connectors.webhook.options import WebhookOptions
from worker.commands import Command
from worker.settings import ChannelSettings


@dataclass(frozen=True, slots=True)
class WebhookConnector:
    """Implements `connectors.base.Connector`, for every kind that is a table of rules."""

    hosts: ClassVar[frozenset[Host]] = frozenset({"http"})

    name: str
    channel: str
    service: str
    manners: Manners
    mapper: Mapper = field(repr=False)
    prover: Prover

    def verify(self, delivery: Delivery) -> Verified:
        """See `connectors.base.Connector.verify`."""
        return self.prover.verify(delivery)

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored | Handshake:
        """See `connectors.base.Connector.translate`."""
        return self.mapper.commands(verified.delivery, self.service)


def build_webhook(channel: str, settings: ChannelSettings, prover: Prover) -> WebhookConnector:
    """Return a channel's connector. Raises pydantic's ValidationError for its options."""
    options = WebhookOptions.model_validate(dict(settings.options))
    return WebhookConnector(
        settings.connector, channel, settings.service, options.manners.manners(), Mapper.of(options), prover
    )
