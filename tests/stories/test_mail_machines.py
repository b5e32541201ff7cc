"""Machines that talk to machines, over real sockets: the war ends, and none of it is dropped in silence."""

import smtplib

import pytest

from tests.stories.conftest import Stack, wait_until
from worker.letters import LetterHead
from worker.notes import Note

pytestmark = pytest.mark.story

LIMIT = 5
CHANNEL = f"""
[channels.mail]
connector = "email"
service = "support"
[channels.mail.options]
addresses = ["support@example.com"]
loops = {{ mails = {LIMIT}, minutes = 10 }}
"""
#: A war that nothing ended would be this long.
LONG = 4 * LIMIT


@pytest.fixture
def smtp(stack: Stack) -> int:
    """The port of an intake that takes mail, with a worker behind it."""
    port = stack.start_smtp(CHANNEL)
    stack.start_worker()
    stack.start_beat()
    return port


def automatic(number: int, *headers: str) -> bytes:
    """Return the n-th answer of a customer's program: to ours, which is to the one before."""
    head = [
        f"Message-ID: <theirs-{number}@example.org>",
        "From: Ada <ada@example.org>",
        "To: support@example.com",
        "Subject: I am away",
        *headers,
    ]
    if number:
        head += [
            f"In-Reply-To: <ours-{number - 1}@example.com>",
            f"References: <theirs-{number - 1}@example.org> <ours-{number - 1}@example.com>",
        ]
    return "\r\n".join((*head, "", f"I am away, for the {number}. time.", "")).encode()


def war(stack: Stack, port: int, *headers: str) -> int:
    """Let two programs answer each other; return how many mails the customer's one came to send.

    Ours answers whatever changes an interaction, as an acknowledgement does; theirs answers ours.
    """
    for number in range(LONG):
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
            client.sendmail("ada@example.org", ["support@example.com"], automatic(number, *headers))

        def decided(sent: int = number + 1) -> bool:
            return len(stack.effects()) == sent or bool(letters(stack)) or bool(notes(stack))

        wait_until(decided, reason="what becomes of the mail")
        if len(stack.effects()) <= number:
            return number + 1
    pytest.fail("the war went on")


def letters(stack: Stack) -> tuple[LetterHead, ...]:
    """Return what was set aside."""
    return stack.with_bridge(lambda bridge: bridge.store.dead("support", limit=10))


def notes(stack: Stack) -> tuple[Note, ...]:
    """Return what was let go."""
    return stack.with_bridge(lambda bridge: bridge.store.notes("support", "mail", limit=10))


def test_a_program_that_hides_is_stopped_by_its_speed(stack: Stack, smtp: int) -> None:
    """Without any sign of a program, the mail beyond the limit is set aside, and a person may let it in."""
    assert war(stack, smtp) == LIMIT + 1
    (letter,) = letters(stack)
    assert letter.reason.startswith(f"loop: over {LIMIT} mails of one sender within 10 minutes")
    effects = stack.effects()
    assert len(effects) == LIMIT
    assert len({each["externalId"] for each in effects}) == 1
    replayed = stack.start("replay", "-m", "bridge", "dead", "replay", "support", letter.id)
    assert replayed.wait(timeout=60) == 0
    wait_until(lambda: len(stack.effects()) == LIMIT + 1, reason="the replayed mail")


def test_a_program_that_says_so_is_not_answered_at_all(stack: Stack, smtp: int) -> None:
    """The first automatic answer is let go, counted and listed."""
    assert war(stack, smtp, "Auto-Submitted: auto-replied") == 1
    assert stack.effects() == []
    (note,) = notes(stack)
    assert (note.id, note.sort, note.domain) == ("theirs-0@example.org", "auto-reply", "example.org")

    def counted() -> bool:
        tallies = stack.with_bridge(lambda bridge: bridge.store.tallies("support"))
        return tallies.get("mail:ignored") == 1

    wait_until(counted, reason="the count")
