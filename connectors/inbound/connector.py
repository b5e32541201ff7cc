"""The connector of every provider: proves, unwraps, and then does what the mail connector does."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from connectors.answering import Sent
from connectors.base import (
    Answered,
    Delivery,
    Envelope,
    Handshake,
    Host,
    Ignored,
    Manners,
    Threaded,
    UnreadableDelivery,
    Verified,
)
from connectors.email.connector import EmailConnector, build_email
from connectors.headers import Headers
from connectors.inbound.posted import Posted, Unwrap
from connectors.links import Links
from connectors.prover import Prover
from worker.settings import ChannelSettings

#: Thirty megabytes of mail as base64 in JSON, and what stands around it.
_BODY_BYTES: Final = 45 * 1024 * 1024
#: Some providers take only 200 for an answer and come again after anything else.
MANNERS: Final = Manners(
    statuses={Answered.ACCEPTED: 200, Answered.UNREADABLE: 200}, max_body_bytes=_BODY_BYTES
)


@dataclass(frozen=True, slots=True)
class InboundConnector:
    """Implements `connectors.base.Connector`, and its mails are kept whole (`connectors.keeping`)."""

    hosts: ClassVar[frozenset[Host]] = frozenset({"http"})
    manners: ClassVar[Manners] = MANNERS

    name: str
    mail: EmailConnector
    unwrap: Unwrap = field(repr=False)
    prover: Prover

    @property
    def channel(self) -> str:
        """See `connectors.base.Connector.channel`."""
        return self.mail.channel

    @property
    def service(self) -> str:
        """See `connectors.base.Connector.service`."""
        return self.mail.service

    def verify(self, delivery: Delivery) -> Verified:
        """See `connectors.base.Connector.verify`."""
        return self.prover.verify(delivery)

    def translate(self, verified: Verified) -> Threaded | Ignored | Handshake:
        """See `connectors.base.Connector.translate`."""
        unwrapped = self.unwrap(verified.delivery)
        if isinstance(unwrapped, (Ignored, Handshake)):
            return unwrapped
        if not any(map(self._is_ours, unwrapped)):
            return Ignored("no recipient is one of the channel's addresses")
        if len(unwrapped) == 1:
            return self.mail.translate(_mail(verified, unwrapped[0]))
        # What is let go is listed, and that is not possible for one of several: so all of them are let in.
        found = [self.mail.translate(replace(_mail(verified, each), again=True)) for each in unwrapped]
        threaded = [each for each in found if isinstance(each, Threaded)]
        if len(threaded) != len(found):
            raise UnreadableDelivery("some of its mails are to be ignored though a person asked for them")
        strands = tuple(strand for each in threaded for strand in each.strands)
        originals = tuple(original for each in threaded for original in each.originals)
        return Threaded(strands, threaded[0].window, originals=originals)

    def sent(self, message_id: str, *, sender: str = "") -> Sent:
        """See `connectors.answering.Answering.sent`."""
        return self.mail.sent(message_id, sender=sender)

    def linked(self, links: Links) -> "InboundConnector":
        """See `connectors.keeping.Linking.linked`."""
        return replace(self, mail=self.mail.linked(links))

    def _is_ours(self, posted: Posted) -> bool:
        """Say whether a mail is for the channel; of one whose recipients nobody says, the address decides."""
        return not posted.rcpt_tos or any(map(self.mail.takes, posted.rcpt_tos))


def builder(unwrap: Unwrap) -> Callable[[str, ChannelSettings, Prover], InboundConnector]:
    """Return what builds a provider's channels."""

    def build(channel: str, settings: ChannelSettings, prover: Prover) -> InboundConnector:
        return InboundConnector(settings.connector, build_email(channel, settings, prover), unwrap, prover)

    return build


def _mail(verified: Verified, posted: Posted) -> Verified:
    """Return a mail as if it had come by SMTP."""
    # A sender that nobody knows is not the empty one of bounces.
    envelope = None if posted.mail_from is None else Envelope(posted.mail_from, posted.rcpt_tos)
    delivery = replace(
        verified.delivery, headers=Headers(), body=posted.raw, envelope=envelope, original=None
    )
    return replace(verified, delivery=delivery)
