"""The order of things at the door, and the answers."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pytest
import structlog

from connectors.base import (
    Answer,
    Answered,
    Delivery,
    Envelope,
    EvidenceNeeded,
    Handshake,
    Ignored,
    Refused,
    Reply,
    UnreadableDelivery,
    Verified,
)
from connectors.headers import Headers
from connectors.reception import Obtained, receive
from worker.arrivals import encode
from worker.commands import Command, Stop
from worker.errors import BridgeError, LaneFull, StoreUnavailable, UnknownService
from worker.events import DeliveryAnswered
from worker.passage import PASSAGE, Passage

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

OPENED = b'{"event": "ticket.opened", "delivery": "e1", "ticket": {"id": 7, "subject": "Cold"}}'


@dataclass
class Scripted:
    """A connector that does what it is told."""

    verdict: Any = None
    name = "webhook"
    host: Literal["http", "smtp"] = "http"
    channel = "tickets"
    service = "support"

    def verify(self, delivery: Delivery) -> Verified:
        """Believe anything but what is told to be refused."""
        if isinstance(self.verdict, (Refused, ZeroDivisionError)):
            raise self.verdict
        return Verified(delivery, "script")

    def translate(self, verified: Verified) -> tuple[Command, ...] | Ignored:  # noqa: ARG002 - scripted
        """Say what is scripted."""
        if isinstance(self.verdict, Exception):
            raise self.verdict
        said: tuple[Command, ...] | Ignored = self.verdict() if callable(self.verdict) else self.verdict
        return said


def taken(connector: Any, delivery: Delivery, door: "RecordingDoor", **options: Any) -> Answer:  # noqa: ANN401 - real ones and scripted ones
    """Receive one delivery."""
    return asyncio.run(receive(connector, delivery, door, **options))


def test_accepted_then_duplicate(tickets: "Settled", door: "RecordingDoor") -> None:
    """A genuine delivery is accepted with its receipts, and its double gets the first ones."""
    delivery = tickets.delivery(OPENED)
    first, second = (taken(tickets.connector, delivery, door) for _ in range(2))
    assert (first.answered, second.answered) == (Answered.ACCEPTED, Answered.DUPLICATE)
    assert [receipt.id for receipt in first.receipts] == [receipt.id for receipt in second.receipts]
    assert door.counters == []


def test_every_answer_is_reported(tickets: "Settled", door: "RecordingDoor") -> None:
    """Whatever it is; and meanwhile whoever is told of a command knows its delivery."""
    headers = Headers([("traceparent", f"00-{'ab' * 16}-{'cd' * 8}-01")])
    delivery = replace(tickets.delivery(b""), headers=headers, trace_id="ab" * 16)
    passages = []

    def translate() -> Ignored:
        passages.append(PASSAGE.get())
        return Ignored("a test")

    taken(Scripted(translate), delivery, door)
    taken(Scripted(Refused("forged")), replace(delivery, trace_id="ef" * 16), door)
    assert passages == [Passage("ab" * 16, "cd" * 8)]
    assert PASSAGE.get() is None
    assert door.events == [
        DeliveryAnswered("support", "tickets", "ignored", "ab" * 16, "cd" * 8),
        DeliveryAnswered("support", "tickets", "refused", "ef" * 16, ""),
    ]
    assert all(isinstance(event, DeliveryAnswered) and event.elapsed_ms > 0 for event in door.events)


def test_one_new_command_makes_it_accepted(tickets: "Settled", door: "RecordingDoor") -> None:
    """Of several commands it takes one new one for the whole to be accepted rather than a duplicate."""

    def stop(key: str) -> Stop:
        return Stop(
            service="support",
            external_id="c",
            idempotency_key=key,
            channel="tickets",
            received_at=tickets.delivery(b"").arrived_at,
        )

    taken(Scripted((stop("1"),)), tickets.delivery(b""), door)
    answer = taken(Scripted((stop("1"), stop("2"))), tickets.delivery(b""), door)
    assert answer.answered is Answered.ACCEPTED
    assert [receipt.duplicate for receipt in answer.receipts] == [True, False]


def test_refused_is_counted_and_nothing_else(tickets: "Settled", door: "RecordingDoor") -> None:
    """What is not genuine is neither read nor kept; the sender does not hear our reason."""
    answer = taken(Scripted(Refused("wrong key")), tickets.delivery(OPENED), door)
    assert (answer.answered, answer.reason) == (Answered.REFUSED, "The delivery could not be verified.")
    assert (door.commands, door.letters) == ([], {})
    assert door.counters == [("support", "tickets:refused")]


def test_ignored_is_counted(tickets: "Settled", door: "RecordingDoor") -> None:
    """What does not concern us is answered with the reason."""
    answer = taken(Scripted(Ignored("a ping")), tickets.delivery(OPENED), door)
    assert (answer.answered, answer.reason) == (Answered.IGNORED, "a ping")
    assert door.counters == [("support", "tickets:ignored")]


def test_unreadable_is_kept_whole(tickets: "Settled", door: "RecordingDoor") -> None:
    """What cannot be understood is kept once, with its bytes and headers but without credentials."""
    delivery = tickets.delivery(b"\xff\x00raw", Authorization="Basic c2VjcmV0", Cookie="id=1", Via="proxy")
    again = replace(delivery, trace_id="another")
    answers = [taken(tickets.connector, each, door) for each in (delivery, again)]
    assert [answer.answered for answer in answers] == [Answered.UNREADABLE] * 2
    assert answers[0].reason.startswith("the body is not JSON in UTF-8")
    (letter,) = door.letters.values()
    assert letter.id == answers[0].letter == answers[1].letter
    assert (letter.body, letter.peer, letter.channel) == (b"\xff\x00raw", "192.0.2.7", "tickets")
    assert [name for name, _ in letter.headers] == ["Content-Type", "Via", "X-Signature-256"]


def test_letters_of_two_channels_are_two(tickets: "Settled", door: "RecordingDoor") -> None:
    """The same bytes on another channel are another letter."""
    for channel in ("tickets", "shop"):
        delivery = replace(tickets.delivery(b"?"), channel=channel)
        taken(Scripted(UnreadableDelivery("?")), delivery, door)
    assert len(door.letters) == 2


def test_a_letter_keeps_the_envelope(mailbox: "Settled", door: "RecordingDoor") -> None:
    """An unreadable mail is kept with whom it came from and whom it was for."""
    delivery = replace(mailbox.delivery(b"?"), envelope=Envelope("a@example.org", ("b@example.com",)))
    taken(Scripted(UnreadableDelivery("?")), delivery, door)
    (letter,) = door.letters.values()
    assert letter.headers == (("Return-Path", "a@example.org"), ("Delivered-To", "b@example.com"))


def test_a_fault_in_translation_keeps_the_letter(tickets: "Settled", door: "RecordingDoor") -> None:
    """A connector's own fault is logged with its traceback; the letter is kept under the error's name."""
    with structlog.testing.capture_logs() as logs:
        answer = taken(Scripted(KeyError("surprise")), tickets.delivery(OPENED), door)
    assert (answer.answered, answer.reason) == (Answered.UNREADABLE, "")
    assert [letter.reason for letter in door.letters.values()] == ["KeyError"]
    assert [line["event"] for line in logs] == ["translation_failed", "delivery_unreadable"]
    assert logs[0]["exc_info"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_conflict_shows_both_fingerprints(tickets: "Settled", door: "RecordingDoor", *, keep: bool) -> None:
    """One key with two contents is a conflict; it is kept where nobody will send it again."""
    taken(tickets.connector, tickets.delivery(OPENED), door)
    other = tickets.delivery(OPENED.replace(b"Cold", b"Warm"))
    answer = taken(tickets.connector, other, door, keep_conflicts=keep)
    assert answer.answered is Answered.CONFLICT
    assert answer.fingerprints
    assert answer.fingerprints[0] == door.commands[0].fingerprint != answer.fingerprints[1]
    assert [letter.body for letter in door.letters.values()] == ([other.body] if keep else [])
    assert bool(answer.letter) is keep


@pytest.mark.parametrize(
    "fault",
    [StoreUnavailable("away"), LaneFull("full"), UnknownService("typo"), BridgeError("?"), OSError("disk")],
)
@pytest.mark.parametrize("body", [OPENED, b"not JSON"])
def test_what_the_door_did_not_take_must_come_again(
    tickets: "Settled",
    broken_door: Callable[[BaseException], "RecordingDoor"],
    fault: Exception,
    body: bytes,
) -> None:
    """Whatever the door raises, for commands or letters, nothing is said to be accepted."""
    answer = taken(tickets.connector, tickets.delivery(body), broken_door(fault))
    assert (answer.answered, answer.receipts, answer.letter) == (Answered.UNAVAILABLE, (), "")
    assert answer.reason


def test_a_fault_in_verification_is_ours(tickets: "Settled", door: "RecordingDoor") -> None:
    """A verification that breaks proves nothing either way: the sender comes again."""
    answer = taken(Scripted(ZeroDivisionError()), tickets.delivery(OPENED), door)
    assert answer.answered is Answered.UNAVAILABLE
    assert door.letters == {}


def test_large_deliveries_are_translated_beside_the_loop(tickets: "Settled", door: "RecordingDoor") -> None:
    """A small delivery is translated at once, a large one in a thread, so that others need not wait."""
    seen: list[str] = []

    def look() -> Ignored:
        seen.append(threading.current_thread().name)
        return Ignored("seen")

    for size in (10, 200_000):
        taken(Scripted(look), tickets.delivery(b"x" * size), door)
    main = threading.current_thread().name
    assert seen[0] == main != seen[1]


def test_log_lines_carry_no_content(tickets: "Settled", door: "RecordingDoor") -> None:
    """Every outcome leaves one line with channel, trace and reason, and nothing of the delivery."""
    bodies = (OPENED, OPENED.replace(b"Cold", b"Warm"), b"secret words", b'{"event": "ticket.viewed"}')
    with structlog.testing.capture_logs() as logs:
        for body in bodies:
            taken(tickets.connector, tickets.delivery(body), door)
        taken(tickets.connector, replace(tickets.delivery(OPENED), headers=Headers()), door)
    assert [line["event"] for line in logs] == [
        "delivery_accepted",
        "delivery_conflict",
        "delivery_unreadable",
        "delivery_ignored",
        "delivery_refused",
    ]
    assert all(line["channel"] == "tickets" and line["trace_id"] and line["reason"] for line in logs)
    assert not any(word in str(logs) for word in ("Cold", "secret", "sha256="))
    assert logging.getLevelNamesMapping()[logs[0]["log_level"].upper()] == logging.DEBUG


@dataclass
class Running:
    """Errands that end as they are told."""

    obtained: Obtained = Obtained.HERE
    fetched: list[str] = field(default_factory=list)
    visited: list[tuple[str, str]] = field(default_factory=list)

    async def obtain(self, url: str) -> Obtained:
        """Fetch, or not."""
        if self.obtained is Obtained.HERE:
            self.fetched.append(url)
        return self.obtained

    def visit(self, url: str, channel: str) -> None:
        """Note a visit."""
        self.visited.append((url, channel))


@dataclass
class Certified(Scripted):
    """Believes only with evidence."""

    errands: Running = field(default_factory=Running)

    def verify(self, delivery: Delivery) -> Verified:
        """Ask for the certificate until it is there."""
        if "https://sns.example.com/a.pem" not in self.errands.fetched:
            raise EvidenceNeeded("https://sns.example.com/a.pem")
        return Verified(delivery, "script")


@pytest.mark.parametrize(
    ("obtained", "answered"),
    [
        (Obtained.HERE, Answered.IGNORED),
        (Obtained.NOWHERE, Answered.REFUSED),
        (Obtained.LATER, Answered.UNAVAILABLE),
    ],
)
def test_evidence_is_fetched_and_the_proof_tried_once_more(
    tickets: "Settled", door: "RecordingDoor", obtained: Obtained, answered: Answered
) -> None:
    """Without it nothing is believed; where it may be had later, the sender comes again."""
    errands = Running(obtained)
    connector = Certified(Ignored("a ping"), errands=errands)
    answer = taken(connector, tickets.delivery(OPENED), door, errands=errands)
    assert answer.answered is answered
    assert "sns.example.com" not in answer.reason
    assert door.counters == [("support", f"tickets:{answered}")]


def test_a_host_without_errands_believes_nothing_that_needs_them(
    tickets: "Settled", door: "RecordingDoor"
) -> None:
    """And visits nobody, which the log says."""
    assert taken(Certified(), tickets.delivery(OPENED), door).answered is Answered.REFUSED
    with structlog.testing.capture_logs() as logs:
        answer = taken(
            Scripted(Handshake(Reply("a/b", b"x"), "hello", "https://a")), tickets.delivery(b""), door
        )
    assert answer.answered is Answered.GREETED
    assert [line["event"] for line in logs] == ["visit_failed", "delivery_greeted"]


def test_a_handshake_is_answered_and_its_address_visited(tickets: "Settled", door: "RecordingDoor") -> None:
    """Only where there is one to visit."""
    errands = Running()
    for visit in ("", "https://sns.example.com/?Token=1"):
        script = Scripted(Handshake(Reply("text/plain", b"x"), "hello", visit))
        answer = taken(script, tickets.delivery(b""), door, errands=errands)
        assert (answer.answered, answer.reply) == (Answered.GREETED, Reply("text/plain", b"x"))
    assert errands.visited == [("https://sns.example.com/?Token=1", "tickets")]


def test_a_conflict_in_a_batch_is_kept(tickets: "Settled", door: "RecordingDoor") -> None:
    """The others were accepted, so nobody may send the batch again: a person looks at the rest."""

    def stop(key: str, reason: str) -> Stop:
        return Stop(
            service="support",
            external_id="c",
            idempotency_key=key,
            channel="tickets",
            received_at=tickets.delivery(b"").arrived_at,
            reason_description=reason,
        )

    taken(Scripted((stop("1", "first"),)), tickets.delivery(b"one"), door)
    answer = taken(Scripted((stop("1", "second"), stop("2", "x"))), tickets.delivery(b"two"), door)
    assert (answer.answered, bool(answer.letter)) == (Answered.CONFLICT, True)
    assert [letter.body for letter in door.letters.values()] == [b"two"]


def test_cancelling_is_not_an_answer(
    tickets: "Settled", broken_door: Callable[[BaseException], "RecordingDoor"]
) -> None:
    """A cancelled reception is cancelled, not unavailable."""
    with pytest.raises(asyncio.CancelledError):
        taken(tickets.connector, tickets.delivery(OPENED), broken_door(asyncio.CancelledError()))


MAIL = b"From: a@example.org\nMessage-ID: <m1@x>\nDate: Mon, 23 Nov 2026 08:55:12 +0100\n\nwords"
OUT_OF_OFFICE = b"Auto-Submitted: auto-replied\n" + MAIL


def test_the_same_mail_in_another_wrapping_is_a_duplicate(mailbox: "Settled", door: "RecordingDoor") -> None:
    """Its key holds what it says, so other headers make no conflict."""
    wrapped = b"To: undisclosed\n" + MAIL.replace(b"a@example.org", b"a@list.example")
    answers = [taken(mailbox.connector, mailbox.delivery(each), door) for each in (MAIL, wrapped)]
    assert [answer.answered for answer in answers] == [Answered.ACCEPTED, Answered.DUPLICATE]
    assert (len(door.commands), door.letters) == (1, {})
    assert door.counters == [("support", "mail:duplicate")]


def test_what_is_let_go_is_listed(mailbox: "Settled", door: "RecordingDoor") -> None:
    """Counted and remembered, before the sender hears of it."""
    answer = taken(mailbox.connector, mailbox.delivery(OUT_OF_OFFICE), door)
    assert (answer.answered, door.commands) == (Answered.IGNORED, [])
    (note,) = asyncio.run(door.threads.notes("support", "mail", limit=10))
    assert (note.id, note.sort, note.domain, note.arrived_at) == (
        "m1@x",
        "auto-reply",
        "example.org",
        mailbox.delivery(b"").arrived_at,
    )
    assert note.reason == answer.reason
    assert door.counters == [("support", "mail:ignored")]


@pytest.mark.parametrize("mail", [MAIL, OUT_OF_OFFICE])
def test_what_cannot_be_placed_or_listed_comes_again(
    mailbox: "Settled", broken_door: Callable[[BaseException], "RecordingDoor"], mail: bytes
) -> None:
    """A store that is away is no reason to keep a mail as unreadable, or to let it go unlisted."""
    answer = taken(mailbox.connector, mailbox.delivery(mail), broken_door(StoreUnavailable("away")))
    assert answer.answered is Answered.UNAVAILABLE


@pytest.mark.parametrize(
    ("verdict", "answer", "reason"),
    [
        (Refused("the signature is stale", told="no"), "refused", "the signature is stale"),
        (Ignored("no news"), "ignored", "no news"),
        (UnreadableDelivery("no JSON"), "unreadable", "no JSON"),
        (ZeroDivisionError(), "unavailable", "ZeroDivisionError"),
    ],
)
def test_each_delivery_is_remembered_with_its_answer(
    tickets: "Settled", door: "RecordingDoor", verdict: object, answer: str, reason: str
) -> None:
    """With the reason that our own people may read; none of the sender's words."""
    delivery = tickets.delivery(OPENED)
    taken(Scripted(verdict), delivery, door)
    (arrival,) = door.arrivals
    assert (arrival.answer, arrival.reason, arrival.size_bytes) == (answer, reason, len(OPENED))
    assert (arrival.at, arrival.trace_id) == (delivery.arrived_at, delivery.trace_id)
    assert "Cold" not in encode(arrival).decode()
    assert bool(arrival.letter) is (answer == "unreadable")


def test_an_accepted_delivery_is_remembered_with_where_it_led(
    tickets: "Settled", door: "RecordingDoor"
) -> None:
    """Each conversation once."""
    taken(tickets.connector, tickets.delivery(OPENED), door)
    (arrival,) = door.arrivals
    assert arrival.answer == "accepted"
    assert arrival.external_ids == (door.commands[0].external_id,)
