"""Mail over real sockets into one interaction: in any order, doubled on its way, and continued later."""

import random
import smtplib
from collections.abc import Sequence

import pytest

from tests.stories.conftest import Stack, wait_until

pytestmark = pytest.mark.story

CHANNEL = """
[channels.mail]
connector = "email"
service = "support"
[channels.mail.options]
addresses = ["support@example.com", "sales@example.com"]
"""
MAILS = 20


@pytest.fixture
def smtp(stack: Stack) -> int:
    """The port of an intake that takes mail."""
    return stack.start_smtp(CHANNEL)


def send(port: int, mails: Sequence[bytes], recipient: str = "support@example.com") -> None:
    """Send mails one after the other; each must be accepted."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        for mail in mails:
            assert client.sendmail("ada@example.org", [recipient], mail) == {}


def mail(number: int, parent: int | None) -> bytes:
    """Return the n-th mail of the thread, with the ids of the mails above it."""
    above = [] if parent is None else [f"<m{each}@example.org>" for each in range(parent + 1)]
    head = [
        f"Message-ID: <m{number}@example.org>",
        "From: Ada <ada@example.org>",
        "To: support@example.com",
        f"Date: Mon, 23 Nov 2026 08:{number:02}:00 +0000",
        f"Subject: {'Re: ' if above else ''}Parcel",
    ]
    if above:
        head += [f"In-Reply-To: {above[-1]}", f"References: {' '.join(above)}"]
    return "\r\n".join((*head, "", f"Mail number {number}.", "")).encode()


def test_twenty_mails_in_any_order_are_one_interaction(stack: Stack, smtp: int) -> None:
    """Sent in a random order, half of them twice with other trace headers: each mail counts once."""
    thread = [mail(number, number - 1 if number else None) for number in range(MAILS)]
    doubles = [b"Received: from elsewhere by mx.example.com\r\n" + each for each in thread[::2]]
    arriving = [*thread, *doubles]
    random.Random(20261123).shuffle(arriving)  # noqa: S311 - an order, drawn once and for all
    stack.start_worker()
    stack.start_beat()
    send(smtp, arriving[:15])
    send(smtp, arriving[15:], recipient="sales@example.com")
    wait_until(stack.idle, reason="every mail to be delivered")
    effects = stack.effects()
    assert [each["operation"] for each in effects].count("create") == 1
    (conversation,) = {each["externalId"] for each in effects}
    view = stack.view(conversation)
    assert view
    assert view.accepted == MAILS
    assert stack.with_bridge(lambda bridge: bridge.store.dead("support", limit=10)) == ()
    tallies = stack.with_bridge(lambda bridge: bridge.store.tallies("support"))
    assert not {name for name in tallies if name.endswith(("conflict", "unreadable"))}


def test_a_reply_to_what_has_ended_is_a_follow_up(stack: Stack, smtp: int) -> None:
    """The new interaction names the one before as its parent."""
    stack.start_worker()
    stack.start_beat()
    send(smtp, [mail(0, None)])
    wait_until(lambda: stack.effects() and stack.idle(), reason="the first mail")
    (first,) = stack.effects()
    conversation = first["externalId"]
    (held,) = stack.sandbox("GET", "interactions")
    stack.sandbox("POST", f"interactions/{held['id']}/finish")
    send(smtp, [mail(1, 0)])
    wait_until(lambda: len(stack.effects()) > 1 and stack.idle(), reason="the follow-up")
    created = [each for each in stack.effects() if each["operation"] == "create"]
    assert [each["externalId"] for each in created] == [conversation, f"{conversation}~2"]


def test_a_reply_to_what_another_system_sent_finds_its_conversation(stack: Stack, smtp: int) -> None:
    """The reply names nothing but the sent mail, which was said to belong there."""
    send(smtp, [mail(0, None)])
    stack.start_worker()
    wait_until(lambda: stack.effects() and stack.idle(), reason="the first mail")
    (first,) = stack.effects()
    told = stack.bridge("mail", "sent", "mail", "<answer@desk.example.com>", "--for", first["externalId"])
    assert first["externalId"] in told
    reply = mail(1, None).replace(b"Subject:", b"In-Reply-To: <answer@desk.example.com>\r\nSubject:")
    send(smtp, [reply])
    wait_until(lambda: len(stack.effects()) == 2 and stack.idle(), reason="the reply")
    assert [(each["operation"], each["externalId"]) for each in stack.effects()] == [
        ("create", first["externalId"]),
        ("update", first["externalId"]),
    ]
