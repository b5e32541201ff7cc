"""Answering: mail that was sent into a conversation, so that what comes back finds its way.

A reply names the mail that it answers. Where that one was sent by another system, only that system knows its
Message-ID, and says it here.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, runtime_checkable

from connectors.base import Connector
from worker.errors import BridgeError
from worker.ports import Door, Ledger


class UnfitMessage(BridgeError):
    """What is said of a sent mail makes no sense; the text says why."""


class UnknownConversation(BridgeError):
    """Nothing is known of the conversation that a mail is said to have been sent into."""


class KnownElsewhere(BridgeError):
    """A sent mail is known already, as another conversation's."""

    def __init__(self, conversation: str) -> None:
        #: To which replies go.
        self.conversation = conversation
        super().__init__(f"the mail is known already: replies to it go to conversation {conversation!r}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was sent."""

    #: What it is known by, in the words of its channel; none stands twice.
    names: tuple[str, ...] = field(repr=False)
    #: How long names are remembered.
    window: timedelta


@runtime_checkable
class Answering(Connector, Protocol):
    """A connector whose messages may be replies to mail that was sent."""

    def sent(self, message_id: str, *, sender: str = "") -> Sent:
        """Return what a sent mail is known by. Raises UnfitMessage.

        Args:
            message_id: Its Message-ID, with or without brackets.
            sender: Which of the channel's addresses it came from; needed where each of them counts by itself.
        """


async def register(connector: Answering, door: Door, ledger: Ledger, external_id: str, sent: Sent) -> str:
    """Let replies to a sent mail go to a conversation, and return it; saying it again changes nothing.

    A follow-up's external id means the conversation that it follows. Raises UnknownConversation,
    KnownElsewhere or StoreUnavailable.
    """
    conversation = await _conversation(ledger, connector.service, external_id)
    owner = await door.bind(
        connector.service,
        connector.channel,
        sent.names,
        mark="",
        default=conversation,
        window=sent.window,
    )
    if owner != conversation:
        raise KnownElsewhere(owner)
    return conversation


async def _conversation(ledger: Ledger, service: str, external_id: str) -> str:
    if await ledger.view(service, external_id, pending=1):
        return external_id
    # what agents see is the external id of the present generation
    stem, mark, number = external_id.rpartition("~")
    if mark and number.isdecimal() and await ledger.view(service, stem, pending=1):
        return stem
    raise UnknownConversation(f"nothing is known of an interaction {external_id!r} of service {service!r}")
