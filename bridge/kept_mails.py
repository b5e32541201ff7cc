"""Kept mails: whole messages, read again for whom they name and which conversation they belong to.

The store does not know which mails a conversation had. They are placed as their door placed them: by the
names of their thread, with the store's memory of names where it still has one.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.utils import getaddresses
from typing import Final

from pydantic import ValidationError

from bridge.mentions import Finder
from connectors.base import Delivery, Envelope, Strand, Threaded, UnreadableDelivery, Verified
from connectors.email.connector import EmailConnector
from connectors.email.options import EmailOptions
from connectors.headers import Headers
from worker.blob import BlobHead, BlobName
from worker.wiring import Bridge

_AT_ONCE: Final = 100
#: Where a mail says for whom it was.
_RECIPIENTS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")

#: A service and an external id.
Conversation = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A whole message without its bytes."""

    head: BlobHead
    #: The conversations it may belong to; there need not be any of them.
    conversations: frozenset[Conversation] = frozenset()
    #: What it has in common with others of its thread.
    ties: frozenset[str] = field(default=frozenset(), repr=False)
    #: What would tie it, and to others that only bear the same id as well.
    own: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    names_the_address: bool = False


def together(mails: Iterable[KeptMail], wanted: frozenset[Conversation]) -> tuple[KeptMail, ...]:
    """Return the mails that name the address or are of a conversation, and all that hang with them."""
    rest = list(mails)
    claimed = Counter(name for name, _ in {own for mail in rest for own in mail.own})
    shared = {name for name, count in claimed.items() if count > 1}
    found = [each for each in rest if each.names_the_address or each.conversations & wanted]
    by_tie: dict[object, list[KeptMail]] = {}
    for mail in rest:
        for tie in _ties(mail, shared):
            by_tie.setdefault(tie, []).append(mail)
    seen, waiting = {mail.head.name for mail in found}, list(found)
    while waiting:
        for tie in _ties(waiting.pop(), shared):
            for mail in by_tie.pop(tie, ()):
                if mail.head.name not in seen:
                    seen.add(mail.head.name)
                    found.append(mail)
                    waiting.append(mail)
    return tuple(found)


def _ties(mail: KeptMail, shared: set[str]) -> set[object]:
    return {*(mail.ties - shared), *mail.conversations}


class Archive:
    """The whole messages of a bridge."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._connectors: Mapping[str, EmailConnector] = dict(_connectors(bridge))

    async def read(self, mentions: Finder) -> tuple[KeptMail, ...]:
        """Return all mails, looked through for an address. Raises BlobsUnavailable or StoreUnavailable."""
        return tuple([await self._mail(head, content, mentions) async for head, content in self._all()])

    async def content(self, name: BlobName) -> bytes | None:
        """Return a mail's bytes; None where it is gone. Raises BlobsUnavailable."""
        return None if self._bridge.blobs is None else await self._bridge.blobs.get(name)

    async def _all(self) -> AsyncIterator[tuple[BlobHead, bytes]]:
        after: BlobName | None = None
        while self._bridge.blobs is not None:
            page = await self._bridge.blobs.page(after=after, limit=_AT_ONCE)
            for head in page:
                content = await self._bridge.blobs.get(head.name)
                if content is not None:
                    yield head, content
            if len(page) < _AT_ONCE:
                return
            after = page[-1].name

    async def _mail(self, head: BlobHead, content: bytes, mentions: Finder) -> KeptMail:
        named, channel = mentions(content), head.name.channel
        connector = self._connectors.get(channel)
        strands = _strands(connector, content, head) if connector else ()
        if connector is None or not strands:
            return KeptMail(head, names_the_address=named)
        service = connector.service
        placed = {strand.default for strand in strands}
        for strand in strands:
            bound = await self._bridge.store.bound(service, channel, strand.names)
            own = bound.pop(strand.names[0], None)
            placed |= {each.conversation for each in bound.values()}
            if own and own.mark in {"", strand.mark}:
                placed.add(own.conversation)
        return KeptMail(
            head,
            frozenset((service, each) for each in placed),
            frozenset(f"{channel} {name}" for strand in strands for name in strand.names),
            frozenset((f"{channel} {strand.names[0]}", strand.mark) for strand in strands),
            named,
        )


def _connectors(bridge: Bridge) -> Iterable[tuple[str, EmailConnector]]:
    """Yield what places the mails of each channel that may have any."""
    for name, settings in bridge.settings.channels.items():
        try:
            options = EmailOptions.model_validate(dict(settings.options))
        except ValidationError:  # a channel of another kind
            continue
        yield name, EmailConnector(name, settings.service, options)


def _strands(connector: EmailConnector, content: bytes, head: BlobHead) -> tuple[Strand, ...]:
    """Return how a mail was placed, whoever of its recipients it came for; nothing if it cannot be read."""
    mail = message_from_bytes(content)
    written = [str(value) for name in _RECIPIENTS for value in mail.get_all(name, ())]
    recipients = {address for _, address in getaddresses(written)} | connector.options.addresses
    delivery = Delivery(
        channel=connector.channel,
        headers=Headers(),
        body=content,
        arrived_at=head.stored_at,
        envelope=Envelope(None, tuple(sorted(recipients))),
    )
    try:
        read = connector.translate(Verified(delivery, "when it arrived", again=True))
    except UnreadableDelivery:
        return ()
    return read.strands if isinstance(read, Threaded) else ()
