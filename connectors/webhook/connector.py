"""The webhook connector: a proved body, read and mapped."""

from dataclasses import dataclass
from typing import ClassVar

from connectors.base import Delivery, Host, Ignored, Manners, Verified
from connectors.prover import Prover
from connectors.webhook import document, mapping
from connectors.webhook.options import WebhookOptions
from worker.commands import Command
from worker.settings import ChannelSettings


@dataclass(frozen=True, slots=True)
class WebhookConnector:
    """Implements `connectors.base.Connector`."""

    name: ClassVar[str] = "webhook"
    hosts: ClassVar[frozenset[Host]] = frozenset({"http"})
    manners: ClassVar[Manners] = Manners()

    channel: str
    service: str
    options: WebhookOptions
    prover: Prover

    def verify(self, delivery: Delivery) -> Verified:
        """See `connectors.base.Connector.verify`."""
        return self.prover.verify(delivery)

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored:
        """See `connectors.base.Connector.translate`."""
        delivery = verified.delivery
        return mapping.commands(document.read(delivery.body), delivery, self.options, self.service)


def build_webhook(channel: str, settings: ChannelSettings, prover: Prover) -> WebhookConnector:
    """Return a channel's connector. Raises pydantic's ValidationError for its options."""
    options = WebhookOptions.model_validate(dict(settings.options))
    return WebhookConnector(channel, settings.service, options, prover)
