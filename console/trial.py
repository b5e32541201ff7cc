"""The trial: a delivery, proved and translated as at the door, that goes nowhere. Sends and keeps nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import (
    Connector,
    Delivery,
    Envelope,
    EvidenceNeeded,
    Handshake,
    Ignored,
    OriginalNeeded,
    Refused,
    Threaded,
    Understood,
    UnreadableDelivery,
    Verified,
)
from connectors.registry import build
from console.links import links_of
from console.request_file import Pair, read_request
from worker.commands import Command
from worker.errors import BridgeError
from worker.secrets import Secrets
from worker.settings import Settings


class NotTaken(BridgeError):
    """The door would not take this delivery."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a delivery fared."""

    #: How it was proved genuine.
    proof: str
    understood: Understood

    @property
    def commands(self) -> tuple[Command, ...]:
        """What it becomes; where that hangs on what the store knows, for a store that knows nothing."""
        understood = self.understood
        if isinstance(understood, Ignored | Handshake):
            return ()
        return understood.foreseen if isinstance(understood, Threaded) else understood

    @property
    def ignored(self) -> str | None:
        """Why nothing comes of it, None where something does."""
        return self.understood.reason if isinstance(self.understood, Ignored) else None

    @property
    def handshake(self) -> str | None:
        """What is answered to a question about the channel itself, None where it is none."""
        if not isinstance(self.understood, Handshake):
            return None
        return self.understood.reply.body.decode(errors="replace")


def try_content(
    settings: Settings,
    secrets: Secrets,
    channel: str,
    content: bytes,
    *,
    headers: Sequence[Pair] = (),
    at: datetime,
    proved: bool = True,
) -> Trial:
    """Return what a channel makes of some bytes.

    Args:
        settings: Where the channel is configured.
        secrets: What its references lead to.
        channel: The channel's name.
        content: An HTTP request as it goes over the wire, a body alone, or a mail.
        headers: Further headers.
        at: When it is to have arrived, aware; a signature is only fresh for some minutes.
        proved: Whether it has to be proved genuine.

    Raises:
        NotTaken: It is refused or unreadable; the text says exactly why.
        BridgeError: The settings or the content are wrong.
    """
    connector = _connector(settings, secrets, channel, proved=proved)
    delivery = _delivery(connector, content, headers, at)
    try:
        verified = connector.verify(delivery) if proved else Verified(delivery, "not proved, as you asked")
        understood = connector.translate(verified)
        if isinstance(understood, Threaded):
            understood = understood.foreseen
        return Trial(_proof(verified), understood)
    except Refused as error:
        raise NotTaken(f"refused: {error} (the sender is told: {error.told})") from error
    except EvidenceNeeded as error:
        raise NotTaken(f"refused: {error}; a trial fetches nothing, so try it with --unproved") from error
    except OriginalNeeded as error:
        raise NotTaken(
            f"the mail lies in {error.name}; a trial fetches nothing, and the door would"
        ) from error
    except UnreadableDelivery as error:
        raise NotTaken(f"unreadable: {error} (it would be acknowledged, and kept for a person)") from error


def _connector(settings: Settings, secrets: Secrets, channel: str, *, proved: bool) -> Connector:
    found = settings.channels.get(channel)
    if found is None:
        known = ", ".join(sorted(settings.channels)) or "none"
        raise NotTaken(f"no channel {channel!r} is configured; there is: {known}")
    links = links_of(settings, secrets)
    if proved:
        return build(channel, found, secrets.readers(found.secrets), links=links)
    unproved = found.model_copy(update={"verify": "none", "secrets": ()})
    return build(channel, unproved, tuple, links=links)


def _delivery(connector: Connector, content: bytes, headers: Sequence[Pair], at: datetime) -> Delivery:
    if "http" in connector.hosts:
        return read_request(content, channel=connector.channel, arrived_at=at, headers=headers)
    recipients = tuple(value for name, value in headers if name.lower() == "delivered-to")
    senders = [value for name, value in headers if name.lower() == "return-path"]
    envelope = Envelope(senders[0] if senders else None, recipients)
    bare = read_request(b"", channel=connector.channel, arrived_at=at)
    return Delivery(bare.channel, bare.headers, content, at, envelope=envelope)


def _proof(verified: Verified) -> str:
    which = "" if verified.secret is None else f", by secret {verified.secret + 1} of the channel"
    return f"{verified.method}{which}"
