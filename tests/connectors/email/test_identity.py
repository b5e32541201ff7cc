"""When two mails are the same one."""

import hashlib

import pytest

from connectors.email.identity import key, mark
from connectors.email.message import parse

MAIL = (
    b"Received: from a by b\nMessage-ID: <m1@x>\nDate: Mon, 23 Nov 2026 08:55:12 +0100\nSubject: s\n\nwords\n"
)


def key_of(raw: bytes, scope: str = "") -> str:
    """Return a mail's key."""
    return key("mail", parse(raw), raw, scope)


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"from a by b", b"from c by d\nReceived: from e by f"),
        MAIL.replace(b"\n", b"\r\n"),
        MAIL.replace(b"23 Nov 2026 08:55:12 +0100", b"23 Nov 2026 07:55:12 +0000"),
        MAIL.replace(b"Subject: s", b"Subject: =?utf-8?q?s?="),
        b"Delivered-To: sales@example.com\n" + MAIL,
        b"Content-Transfer-Encoding: base64\n" + MAIL.replace(b"words", b"d29yZHM="),
    ],
)
def test_the_way_makes_no_difference(other: bytes) -> None:
    """The same mail over several ways, with its lines, charset and encoding changed, is the same mail."""
    assert key_of(other) == key_of(MAIL)
    assert key_of(MAIL).startswith("mail:m1@x/")


@pytest.mark.parametrize(
    "other",
    [
        MAIL.replace(b"m1@x", b"m2@x"),
        MAIL.replace(b"08:55:12", b"08:55:13"),
        MAIL.replace(b"words", b"other words"),
        MAIL.replace(b"Subject: s", b"Subject: [list] s"),
        MAIL.replace(b"\nSubject", b'\nContent-Disposition: attachment; filename="a"\nSubject'),
    ],
)
def test_what_a_person_would_read_makes_one(other: bytes) -> None:
    """Another id, another date, other words or attachments are another key: nothing is taken for a double."""
    assert key_of(other) != key_of(MAIL)


def test_without_an_id_the_bytes_count() -> None:
    """Exactly."""
    raw = b"Subject: s\n\nwords"
    assert key_of(raw) == f"mail:sha256-{hashlib.sha256(raw).hexdigest()}"


def test_each_recipient_may_count() -> None:
    """By itself, with an id or without."""
    for raw in (MAIL, b"Subject: s\n\nwords"):
        assert len({key_of(raw), key_of(raw, "a@example.com"), key_of(raw, "b@example.com")}) == 3


def test_the_mark_is_the_date() -> None:
    """A copy that a list changed keeps its date; where there is none the words tell mails apart."""
    changed = MAIL.replace(b"Subject: s", b"Subject: [list] s").replace(b"words", b"words\n--\nfooter")
    assert mark(parse(changed)) == mark(parse(MAIL))
    assert mark(parse(MAIL.replace(b"08:55:12", b"08:55:13"))) != mark(parse(MAIL))
    undated = [b"Message-ID: <m1@x>\n\none", b"Message-ID: <m1@x>\n\ntwo"]
    assert len({mark(parse(raw)) for raw in undated}) == 2
