"""Answering: replies to a mail that was sent find its conversation, and nothing is moved by that."""

import asyncio
from datetime import timedelta

import pytest

from connectors.answering import (
    Answering,
    KnownElsewhere,
    UnfitMessage,
    UnknownConversation,
    register,
)
from connectors.base import Threaded
from connectors.email.connector import EmailConnector
from connectors.email.options import EmailOptions
from tests.connectors.conftest import NOW, RecordingDoor, Settled, settle
from worker.commands import Create
from worker.store.limits import Limits, ServiceLimits
from worker.store.memory import MemoryStore

ID = "<a1@desk.example.com>"


def channel(**options: object) -> EmailConnector:
    """Return a mail channel."""
    written = {"addresses": ["support@example.com", "sales@example.com"], **options}
    return EmailConnector("mail", "support", EmailOptions.model_validate(written))


async def ledger(*conversations: str) -> MemoryStore:
    """Return a store that knows some conversations."""
    store = MemoryStore(Limits({"support": ServiceLimits(lane_cap=5)}))
    for each in conversations:
        command = Create(
            service="support", external_id=each, idempotency_key=each, channel="mail", received_at=NOW
        )
        await store.append(command, receipt_id=each, now=NOW)
    return store


def test_whoever_takes_mail_is_answered_by_mail() -> None:
    """Mail connectors of every kind, and nobody else."""
    kinds = {
        name: isinstance(settle(name).connector, Answering) for name in ("email", "ses-inbound", "slack")
    }
    assert kinds == {"email": True, "ses-inbound": True, "slack": False}


def test_a_reply_goes_where_its_mail_was_sent(mailbox: Settled, door: RecordingDoor) -> None:
    """Its In-Reply-To is enough, and the interaction it would have begun is not opened."""
    connector = mailbox.connector
    assert isinstance(connector, EmailConnector)

    async def scene() -> None:
        store = await ledger("c-1")
        assert await register(connector, door, store, "c-1", connector.sent(ID)) == "c-1"
        reply = connector.verify(mailbox.delivery(f"In-Reply-To: {ID}\r\n\r\nThanks".encode()))
        read = connector.translate(reply)
        assert isinstance(read, Threaded)
        (strand,) = read.strands
        found = await door.bind(
            "support", connector.channel, strand.names, mark=strand.mark, default="new", window=read.window
        )
        assert found == "c-1"

    asyncio.run(scene())


def test_what_came_back_before_it_was_said_to_be_sent_decides(door: RecordingDoor) -> None:
    """A copy to ourselves began a conversation: that is told, and not undone in silence."""
    connector, week = channel(), timedelta(days=7)

    async def scene() -> None:
        names = (" id:a1@desk.example.com",)
        await door.bind("support", "mail", names, mark="ab", default="copied", window=week)
        with pytest.raises(KnownElsewhere) as raised:
            await register(connector, door, await ledger("c-1"), "c-1", connector.sent(ID))
        assert raised.value.conversation == "copied"

    asyncio.run(scene())


@pytest.mark.parametrize("external_id", ["c-2", "c-1~x", "c-2~2", "~2"])
def test_an_unknown_conversation_gets_nothing(door: RecordingDoor, external_id: str) -> None:
    """So a slip of the pen binds nothing."""
    connector = channel()
    with pytest.raises(UnknownConversation, match=external_id):
        asyncio.run(_registered(connector, door, external_id))


async def _registered(connector: EmailConnector, door: RecordingDoor, external_id: str) -> str:
    return await register(connector, door, await ledger("c-1"), external_id, connector.sent(ID))


def test_where_each_address_counts_the_sender_is_needed() -> None:
    """And must be one of the channel's."""
    connector = channel(once_per="recipient")
    assert (
        connector.sent(ID, sender="Sales@example.com").names[1] == "sales@example.com id:a1@desk.example.com"
    )
    for sender in ("", "else@example.org"):
        with pytest.raises(UnfitMessage, match="counts each of its addresses by itself"):
            connector.sent(ID, sender=sender)


@pytest.mark.parametrize("message_id", ["", "<>", "two words", "<a@x> <b@x>"])
def test_what_is_no_message_id_is_refused(message_id: str) -> None:
    """Nobody would ever answer it."""
    with pytest.raises(UnfitMessage, match="is no Message-ID"):
        channel().sent(message_id)
