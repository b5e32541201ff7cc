"""What leads to a conversation; of a sender nothing that can be read."""

from datetime import UTC, datetime

import pytest

from worker import clues
from worker.commands import Command, Create, Stop, Update

STAMPS = {
    "service": "support",
    "external_id": "c-1",
    "idempotency_key": "mail:1",
    "channel": "mail",
    "received_at": datetime(2026, 11, 23, tzinfo=UTC),
}
SENDERS = ("FromAddress", "Email")


@pytest.mark.parametrize("written", ["jo@example.org", " JO@Example.ORG ", "Jo@EXAMPLE.org"])
def test_a_sender_is_the_same_however_it_is_written(written: str) -> None:
    """And cannot be read out of the clue."""
    clue = clues.of_sender(written)
    assert clue == clues.of_sender("jo@example.org")
    assert "jo" not in clue
    assert clue != clues.of_sender("ann@example.org")


@pytest.mark.parametrize(
    ("command", "senders"),
    [
        (Create(**STAMPS, user_data={"FromAddress": "a", "Email": "b", "Subject": "c"}), ["a", "b"]),
        (Create(**STAMPS, user_data={"FromAddress": "a", "Email": "A"}), ["a"]),
        (Create(**STAMPS, user_data={"FromAddress": " ", "Email": 7}), []),
        (Update(**STAMPS, changed={"Email": "b"}, added={"FromAddress": "a"}), ["a", "b"]),
        (Stop(**STAMPS), []),
    ],
)
def test_senders_are_taken_from_the_properties_that_say_who_wrote(
    command: Command, senders: list[str]
) -> None:
    """Each once; only texts."""
    assert list(clues.of_command(command, SENDERS)) == [clues.of_sender(each) for each in senders]
