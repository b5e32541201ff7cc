"""Values of mail headers."""

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email import header
from connectors.email.structure import read


def mail(name: str, value: str) -> Message:
    """Return a mail with one header."""
    return read(f"{name}: {value}\n\n".encode())


def test_the_first_of_several_counts() -> None:
    """Of a header that stands twice the first is read, in any case; a missing one is empty."""
    found = read(b"SUBJECT: one\nSubject: two\n\n")
    assert header.text(found, "subject") == "one"
    assert header.text(found, "to") == header.line(found, "to") == ""


def test_folded_lines_are_one() -> None:
    """A value that was folded over lines is one line again, and control characters are gone."""
    assert header.line(mail("X-A", "one\n\ttwo\x07"), "x-a") == "one two"


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        ("a@example.org", ("", "a@example.org")),
        ("Ada <a@example.org>", ("Ada", "a@example.org")),
        ('"Okafor, Ada" <a@example.org>, b@example.org', ("Okafor, Ada", "a@example.org")),
        ("=?utf-8?q?Okafor=2C_=C3=84da?= <a@example.org>", ("Okafor, Äda", "a@example.org")),
        ("a@example.org (Ada)", ("Ada", "a@example.org")),
        ("Team: a@example.org, b@example.org;", ("", "a@example.org")),
        ("undisclosed-recipients:;", ("", "")),
        (", <>, ;", ("", "")),
        ("", ("", "")),
        ("(" * 3000, ("", "")),
        ("Ирина <irina@example.org>", ("Ирина", "irina@example.org")),
    ],
)
def test_mailboxes(value: str, pair: tuple[str, str]) -> None:
    """The first mailbox is split into name and address; where there is none, both are empty."""
    assert header.mailbox(mail("From", value), "from") == pair


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ("Mon, 23 Nov 2026 08:55:12 +0100", "2026-11-23T07:55:12Z"),
        ("23 Nov 2026 08:55 -0000", "2026-11-23T08:55:00Z"),
        ("Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"),
        ("Wed, 31 Dec 1969 00:00:00 +0000", ""),
        ("Mon, 99 Nov 2026 08:55:12 +0100", ""),
        ("Fri, 31 Dec 9999 23:59:59 -2359", ""),
        ("Mon, 23 Nov 2026 08:55:12 +99999999999999", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_dates(value: str, read_as: str) -> None:
    """A date is given in UTC; what makes no sense is empty."""
    assert header.moment(mail("Date", value), "date") == read_as


@given(st.binary(max_size=300))
def test_nothing_raises(value: bytes) -> None:
    """Any bytes in a header have a line, a text, a mailbox and a date."""
    found = read(b"X: " + value.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n\n")
    texts = [
        header.line(found, "x"),
        header.text(found, "x"),
        *header.mailbox(found, "x"),
        header.moment(found, "x"),
    ]
    assert all(isinstance(text, str) for text in texts)


PIECES = st.sampled_from(
    [
        "Ada",
        "b.c",
        "=?utf-8?q?=41?=",
        "O'Neil",
        "9",
        "_+-",
        " ",
        "<",
        ">",
        "@",
        ".",
        ",",
        '"',
        "(",
        ":",
        ";",
        "ä",
    ]
)
PLAIN = st.from_regex(r"([A-Za-z0-9_+-]+ ){0,3}<?[a-z0-9_+.-]+@[a-z0-9_+.-]+>?", fullmatch=True)


@given(st.one_of(PLAIN, st.lists(PIECES, max_size=9).map("".join)))
def test_a_plain_mailbox_is_read_as_every_other(value: str) -> None:
    """What is read in short is what the library makes of it character by character."""
    found = Message()
    found["From"] = value
    assert header.mailbox(found, "from") == header._any_mailbox(header.line(found, "from"))
