"""Mail by a provider goes the way of mail by SMTP."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace

from connectors.base import Answered, Ignored, Threaded, Verified
from connectors.hosts.answers import http_answer
from connectors.hosts.webhooks import Served
from connectors.links import Links
from connectors.reception import receive
from tests.connectors.conftest import FIXTURES, RecordingDoor, Settled
from worker.blob import BlobName
from worker.settings import ChannelSettings, HttpSettings

Make = Callable[[str], Settled]

RAW = {
    "mailgun-inbound": "a_raw",
    "sendgrid-inbound": "a_raw",
    "postmark-inbound": "a_raw",
    "ses-inbound": "a_base64",
    "mime": "a_mail",
}
PIECES = {
    "mailgun-inbound": "parsed",
    "sendgrid-inbound": "parsed",
    "postmark-inbound": "parsed",
    "mailjet-inbound": "parsed",
}


def content(kind: str, name: str) -> bytes:
    """Return a fixture."""
    return (FIXTURES / kind / f"{name}.http").read_bytes()


def mail() -> bytes:
    """Return the mail that all providers have in common."""
    return content("mime", "a_mail").partition(b"\n\n")[2]


def test_every_provider_hands_over_the_very_mail(make_settled: Make) -> None:
    """Where it offers the raw mail, that is what is kept, and its key is that of SMTP's."""
    keys = set()
    for kind, name in RAW.items():
        settled, door = make_settled(kind), RecordingDoor()
        answer = asyncio.run(receive(settled.connector, settled.request(content(kind, name)), door))
        assert answer.answered is Answered.ACCEPTED, kind
        assert list(door.blobs.values()) == [mail()], kind
        keys.add(door.commands[0].idempotency_key.removeprefix(f"{settled.connector.channel}:"))
    assert len(keys) == 1


def test_the_envelope_is_the_providers(make_settled: Make) -> None:
    """Bounces are told by their empty sender, so one that nobody knows is not empty."""
    settled = make_settled("sendgrid-inbound")
    delivery = settled.request(content("sendgrid-inbound", "bounce"))
    (posted,) = settled.connector.unwrap(delivery)  # type: ignore[attr-defined]
    assert (posted.mail_from, posted.rcpt_tos) == ("", ("support@example.com",))
    postmark = make_settled("postmark-inbound")
    (posted,) = postmark.connector.unwrap(postmark.request(content("postmark-inbound", "a_raw")))  # type: ignore[attr-defined]
    assert posted.mail_from is None


def test_mail_for_others_is_counted_and_not_kept(make_settled: Make, door: RecordingDoor) -> None:
    """As SMTP would refuse it; the provider is not asked to come again."""
    settled = make_settled("mailgun-inbound")
    answer = asyncio.run(
        receive(settled.connector, settled.request(content("mailgun-inbound", "elsewhere")), door)
    )
    assert answer.answered is Answered.IGNORED
    assert door.blobs == {}
    assert door.counters == [("support", "support-mime:ignored")]


def test_a_batch_is_let_in_whole(make_settled: Make, door: RecordingDoor) -> None:
    """Three mails, three interactions, three blobs: none of them in silence."""
    settled = make_settled("brevo-inbound")
    answer = asyncio.run(receive(settled.connector, settled.request(content("brevo-inbound", "batch")), door))
    assert answer.answered is Answered.ACCEPTED
    assert len(answer.receipts) == len(door.blobs) == 3


def test_machines_are_told_as_by_smtp(make_settled: Make) -> None:
    """The channel's rules hold whatever way a mail comes."""
    settled = make_settled("mime")
    delivery = settled.request(content("mime", "a_mail"))
    automatic = replace(delivery, body=b"Auto-Submitted: auto-replied\r\n" + delivery.body)
    assert isinstance(settled.connector.translate(Verified(automatic, "x")), Ignored)
    assert isinstance(settled.connector.translate(Verified(delivery, "x")), Threaded)


def test_providers_that_know_200_only_hear_it(make_settled: Make, door: RecordingDoor) -> None:
    """Accepted, repeated, ignored and kept for a person alike; a refusal lets them come again."""
    settled = make_settled("postmark-inbound")
    for name in ("a_raw", "a_raw", "event"):
        answer = asyncio.run(
            receive(settled.connector, settled.request(content("postmark-inbound", name)), door)
        )
        assert http_answer(answer, settled.connector.manners).status == 200
    bare = settled.unproved(content("postmark-inbound", "a_raw"))
    refused = asyncio.run(receive(settled.connector, bare, door))
    assert http_answer(refused, settled.connector.manners).status == 401


def test_links_lead_to_the_mail_and_not_to_its_wrapping(make_settled: Make) -> None:
    """An agent reads what the sender wrote."""
    settled = make_settled("ses-inbound")
    links = Links("https://bridge.example.com", lambda: ("key",))
    connector = settled.connector.linked(links)  # type: ignore[attr-defined]
    understood = connector.translate(Verified(settled.request(content("ses-inbound", "a_base64")), "x"))
    (command,) = understood.foreseen
    assert command.user_data["MessageLink"] == links.to("ses", mail())


def test_pieces_give_the_same_bytes_every_time(make_settled: Make) -> None:
    """So that a delivery that is repeated is recognised, and its link stays the same."""
    for kind, name in PIECES.items():
        names = set()
        for _ in range(2):
            settled = make_settled(kind)
            understood = settled.connector.translate(Verified(settled.request(content(kind, name)), "x"))
            assert isinstance(understood, Threaded)
            (raw,) = understood.originals
            names.add(BlobName.of("x", raw))
        assert len(names) == 1, kind


def test_expectations_hold_the_threads() -> None:
    """A reply that was taken apart still says what it answers."""
    for kind in ("mailgun-inbound", "sendgrid-inbound", "postmark-inbound"):
        expected = json.loads((FIXTURES / kind / "parsed.expected.json").read_text())
        (command,) = expected["commands"]
        assert command["user_data"]["ThreadId"] == "first@mail.example.org", kind


def test_a_large_mail_fits_through_the_door(make_settled: Make) -> None:
    """Thirty megabytes as base64 in JSON, though the door takes less; a channel's own word counts."""
    connector = make_settled("postmark-inbound").connector
    http = HttpSettings(max_body_bytes=1000)
    assert Served.of(connector, None, http, time.monotonic).limit > 30 * 1024 * 1024 * 4 / 3
    channel = ChannelSettings(connector="postmark-inbound", service="support", max_body_bytes=5)
    assert Served.of(connector, channel, http, time.monotonic).limit == 5
