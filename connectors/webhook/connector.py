"""The webhook connector: a proved body, read and mapped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from connectors.base import Delivery, Ignored, Verified
from connectors.signatures import HeaderSignature, hmac_sha256
from connectors.webhook import document, mapping
from connectors.webhook.options import WebhookOptions
from worker.commands import Command
from worker.errors import SettingsError
from worker.settings import ChannelSettings


@dataclass(frozen=True, slots=True)
class WebhookConnector:
    """Implements `connectors.base.Connector`."""

    name: ClassVar[str] = "webhook"
    host: ClassVar[Literal["http", "smtp"]] = "http"

    channel: str
    service: str
    options: WebhookOptions
    secrets: tuple[str, ...] = field(repr=False)

    def verify(self, delivery: Delivery) -> Verified:
        """See `connectors.base.Connector.verify`."""
        fitting = hmac_sha256(delivery, self.secrets, HeaderSignature(self.options.signature_header))
        return Verified(delivery, "hmac-sha256", fitting)

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored:
        """See `connectors.base.Connector.translate`."""
        delivery = verified.delivery
        return mapping.commands(document.read(delivery.body), delivery, self.options, self.service)


def build_webhook(channel: str, settings: ChannelSettings, secrets: Sequence[str]) -> WebhookConnector:
    """Return a channel's connector. Raises SettingsError, or pydantic's ValidationError for its options."""
    if not secrets:
        raise SettingsError(f"channels.{channel}.secrets: a webhook needs at least one to be verified with")
    options = WebhookOptions.model_validate(dict(settings.options))
    return WebhookConnector(channel, settings.service, options, tuple(secrets))
