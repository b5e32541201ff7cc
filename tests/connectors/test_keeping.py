"""Whole messages are kept before anything refers to them."""

import asyncio
from collections.abc import Sequence

from connectors.base import Answered, Verified
from connectors.keeping import preserve
from connectors.links import Links
from connectors.reception import receive
from connectors.registry import build
from tests.connectors.conftest import RecordingDoor, Settled
from worker.blob import BlobName
from worker.commands import Command
from worker.errors import BlobsUnavailable
from worker.lanes import Receipt
from worker.settings import ChannelSettings

MAIL = b"From: a@example.org\r\nMessage-ID: <1@x>\r\nSubject: Hi\r\n\r\nText\r\n"


class NoBlobs(RecordingDoor):
    """A door whose blobs are away."""

    async def preserve(self, channel: str, content: bytes) -> None:  # noqa: ARG002 - the port's
        """Fail."""
        raise BlobsUnavailable("away")


class Ordered(RecordingDoor):
    """A door that looks whether the message is there when its command comes."""

    async def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """Accept, if the message is kept."""
        assert list(self.blobs.values()) == [MAIL]
        return await super().submit(commands)


def test_a_mail_is_kept_before_its_command(mailbox: Settled) -> None:
    """Under its channel and its hash."""
    door = Ordered()
    answer = asyncio.run(receive(mailbox.connector, mailbox.delivery(MAIL), door))
    assert answer.answered is Answered.ACCEPTED
    assert door.blobs == {str(BlobName.of("mail", MAIL)): MAIL}


def test_without_a_place_for_it_nothing_is_accepted(mailbox: Settled) -> None:
    """The sender comes again."""
    door = NoBlobs()
    answer = asyncio.run(receive(mailbox.connector, mailbox.delivery(MAIL), door))
    assert answer.answered is Answered.UNAVAILABLE
    assert door.commands == []
    assert door.letters == {}


def test_what_is_no_message_is_not_kept(tickets: Settled, door: RecordingDoor) -> None:
    """A webhook's body stands in its command."""
    viewed = tickets.connector.translate(Verified(tickets.delivery(b'{"event": "ticket.viewed"}'), "x"))
    asyncio.run(preserve(viewed, tickets.connector.channel, door))
    assert door.blobs == {}


def test_a_mail_says_where_it_is_where_links_are_made(mailbox: Settled) -> None:
    """The same mail has the same link, and without links there is no such property."""
    links = Links("https://bridge.example.com", lambda: ("key",))
    settings = ChannelSettings(
        connector="email", service="support", options={"addresses": ["support@example.com"]}
    )
    for made, expected in ((links, links.to("mail", MAIL)), (None, None)):
        door = RecordingDoor()
        connector = build("mail", settings, tuple, links=made)
        asyncio.run(receive(connector, mailbox.delivery(MAIL), door))
        (command,) = door.commands
        assert command.kind == "create"
        assert command.user_data.get("MessageLink") == expected
