"""The mail connector; what it shares with every connector is proved by the conformance suite."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from connectors.base import Envelope, Ignored, Refused
from connectors.email.connector import EmailConnector
from worker.commands import Create, OnConflict, OnEnded, OnMissing, Update

if TYPE_CHECKING:
    from tests.connectors.conftest import Settled

FIRST = b"Message-ID: <m1@x>\nSubject: one\nDate: Thu, 01 Jan 1970 00:00:00 +0000\n\ntext"
REPLY = b"Message-ID: <m2@x>\nReferences: <m1@x>\nSubject: two\n\ntext"


def understood(settled: "Settled", body: bytes) -> Create | Update:
    """Return the command of a mail."""
    found = settled.connector.translate(settled.connector.verify(settled.delivery(body)))
    assert not isinstance(found, Ignored)
    (command,) = found
    assert isinstance(command, (Create, Update))
    return command


def test_a_mail_creates_and_its_reply_updates(mailbox: "Settled") -> None:
    """A mail opens the conversation, a reply changes it, and would open it if it came first."""
    first, reply = understood(mailbox, FIRST), understood(mailbox, REPLY)
    assert isinstance(first, Create)
    assert isinstance(reply, Update)
    assert first.external_id == reply.external_id
    assert first.on_conflict is OnConflict.UPDATE
    assert (reply.on_missing, reply.on_ended) == (OnMissing.CREATE, OnEnded.FOLLOW_UP)
    assert (first.user_data["Subject"], reply.changed["Subject"]) == ("one", "two")
    assert (first.idempotency_key, reply.idempotency_key) == ("mail:m1@x", "mail:m2@x")


def test_the_date_is_not_believed(mailbox: "Settled") -> None:
    """A mail was received when it arrived, whatever its Date says."""
    assert understood(mailbox, FIRST).received_at == mailbox.delivery(b"").arrived_at


@pytest.mark.parametrize(
    ("recipients", "known"),
    [
        (("support@example.com",), True),
        (("other@example.com", "Any@Help.Example.com"), True),
        (("other@example.com",), False),
        ((), False),
    ],
)
def test_one_recipient_must_be_ours(mailbox: "Settled", recipients: tuple[str, ...], *, known: bool) -> None:
    """A mail is the channel's if any of its recipients is."""
    delivery = replace(mailbox.delivery(FIRST), envelope=Envelope("a@example.org", recipients))
    if known:
        assert mailbox.connector.verify(delivery).method == "recipient"
    else:
        with pytest.raises(Refused):
            mailbox.connector.verify(delivery)


def test_it_says_what_it_takes(mailbox: "Settled") -> None:
    """A host can ask for each recipient."""
    assert isinstance(mailbox.connector, EmailConnector)
    assert mailbox.connector.takes("support@example.com")
    assert not mailbox.connector.takes("sales@example.com")
