"""A mail as a value."""

import hashlib
import unicodedata
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.email.message import Mail, parse
from connectors.email.threads import Thread

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
        message_id="m2@example.org",
        thread=Thread("m0@example.org", is_reply=True),
        subject="Grüße",
        from_address="a@example.org",
        from_name="Ada",
        to_address="b@example.org",
        sent_at="2026-11-23T07:55:12Z",
        text="Text.",
    )


def test_a_mail_without_id_is_known_by_its_bytes() -> None:
    """Without a Message-ID a hash of the bytes begins the thread."""
    raw = b"Subject: x\n\ny"
    mail = parse(raw)
    assert mail.message_id == ""
    assert mail.thread == Thread("sha256-" + hashlib.sha256(raw).hexdigest(), is_reply=False)


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
    texts = [getattr(mail, field.name) for field in fields(mail) if field.name != "thread"]
    for text in (*texts, mail.thread.root):
        assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in text if each != "\n")
