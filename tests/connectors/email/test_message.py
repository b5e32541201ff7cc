"""A mail as a value."""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.email.machines import Sort
from connectors.email.message import Mail, parse
from connectors.email.report import Report
from connectors.email.text import Text
from connectors.email.trust import Verdict

MAIL = b"""From: Ada <a@example.org>
To: b@example.org, c@example.org
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Date: Mon, 23 Nov 2026 08:55:12 +0100
Message-ID: <m2@example.org>
References: <m0@example.org> <m1@example.org>

Text.
"""
HEADERS = st.sampled_from(
    ["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Content-Transfer-Encoding"]
)
VALUES = st.binary(max_size=60) | st.sampled_from(
    [
        b"multipart/mixed; boundary=b",
        b"message/rfc822",
        b"text/html; charset=utf-7",
        b"base64",
        b"x-uuencode",
        b"=?utf-8?b?//8=?=",
        b"a*0*=x''%; a*1=y",
    ]
)


def test_everything_is_read() -> None:
    """Each field of the value comes from its place in the mail."""
    assert parse(MAIL) == Mail(
        digest=hashlib.sha256(MAIL).hexdigest(),
        message_id="m2@example.org",
        in_reply_to=(),
        references=("m0@example.org", "m1@example.org"),
        thread_index="",
        subject="Grüße",
        from_address="a@example.org",
        from_name="Ada",
        to_address="b@example.org",
        sent_at="2026-11-23T07:55:12Z",
        text=Text("Text.", "Text."),
        rule=None,
        report=Report((), harmless=False),
        loops=(),
        verdict=Verdict.NONE,
        attachments=(),
        protection="",
    )


def test_a_mail_without_id_is_known_by_its_bytes() -> None:
    """Without a Message-ID a hash of the bytes is its id, and begins the thread."""
    raw = b"Subject: x\n\ny"
    mail = parse(raw)
    assert mail.message_id == ""
    assert mail.id == mail.root == "sha256-" + hashlib.sha256(raw).hexdigest()


def test_the_thread_begins_with_the_oldest_that_is_named() -> None:
    """References reach back furthest; what is answered is second best."""
    assert parse(MAIL).root == "m0@example.org"
    assert parse(b"Message-ID: <m@x>\nIn-Reply-To: <p@x>\n\n").root == "p@x"
    assert parse(b"Message-ID: <m@x>\n\n").root == "m@x"


def test_a_report_that_all_is_well_is_no_bounce() -> None:
    """Who wrote a mail is told by the table, and of reports by what they report."""
    head = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    status = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: %s\n\n--b--\n"
    assert parse(head + status % b"failed").sort is Sort.BOUNCE
    assert parse(head + status % b"delayed").sort is Sort.REPORT
    assert parse(MAIL).sort is Sort.PERSON
    assert parse(MAIL, mail_from="").sort is Sort.NOTICE


def test_a_believed_server_is_heard() -> None:
    """The verdict is that of the servers that are named, and nobody else's."""
    raw = b"Authentication-Results: mx; dmarc=fail\n" + MAIL
    assert parse(raw, servers=frozenset({"mx"})).verdict is Verdict.FAIL
    assert parse(raw).verdict is Verdict.NONE


def test_printing_a_mail_shows_no_content() -> None:
    """Neither addresses nor words stand in what is printed."""
    assert "Ada" not in repr(parse(MAIL))
    assert "Text" not in repr(parse(MAIL))


@given(headers=st.lists(st.tuples(HEADERS, VALUES), max_size=8), body=st.binary(max_size=200))
def test_whatever_comes_is_clean_or_unreadable(headers: list[tuple[str, bytes]], body: bytes) -> None:
    """Mails made of odd headers give clean text or UnreadableDelivery, never another error."""
    raw = b"".join(name.encode() + b": " + value + b"\n" for name, value in headers) + b"\n" + body
    try:
        mail = parse(raw)
    except UnreadableDelivery:
        return
    for text in strings(mail):
        assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in text if each != "\n")


def strings(value: object) -> Iterator[str]:
    """Yield every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from strings(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name))
