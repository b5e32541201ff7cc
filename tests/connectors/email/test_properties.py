"""What a mail puts into user data."""

import re

import orjson
import pytest

import connectors.email
from connectors.email.message import Mail, parse
from connectors.email.properties import user_data
from worker.properties import is_reserved


def mail(text: str, subject: str = "s") -> Mail:
    """Return a mail that says something."""
    return parse(f"Message-ID: <m@x>\nFrom: A <a@example.org>\nSubject: {subject}\n\n{text}".encode())


def test_every_property_is_always_there() -> None:
    """Each documented property is set by every mail, under a name that is free."""
    found = user_data(mail(""), 100, link="https://bridge.example.com/m")
    assert list(found) == re.findall(r"^\| `(\w+)` \|", connectors.email.__doc__ or "", re.MULTILINE)
    assert not any(map(is_reserved, found))
    assert all(isinstance(value, str) for value in found.values())


@pytest.mark.parametrize(
    ("length", "truncated"), [(0, "false"), (100, "false"), (101, "true"), (9000, "true")]
)
def test_the_preview_says_whether_there_is_more(length: int, truncated: str) -> None:
    """A text over the preview's length is cut, and that is said."""
    found = user_data(mail("x" * length), 100)
    assert len(str(found["Preview"])) == min(length, 100)
    assert found["PreviewTruncated"] == truncated


def test_the_budget_cuts_as_well() -> None:
    """A preview that is short enough in characters may still be too many bytes; that is said as well."""
    found = user_data(mail("語" * 9000, subject="s" * 3000), 14_000)
    assert len(orjson.dumps(found)) <= 16_000
    assert found["Subject"] == "s" * 3000
    assert str(found["Preview"]).endswith(" […]")
    assert found["PreviewTruncated"] == "true"


def test_a_preview_of_the_new_text() -> None:
    """What a mail quotes is no part of the preview, and is not missed in it."""
    found = user_data(mail("new\n\nAm 1.1. schrieb Ada:\n> old"), 100)
    assert (found["Preview"], found["PreviewTruncated"]) == ("new", "false")


def test_attachments_are_counted_and_named() -> None:
    """Pictures shown in the text are none; names without end are cut."""
    part = "--b\nContent-Type: application/x; name={}\n{}\nx\n"
    names = ("a.pdf", "", *("x" * 200 for _ in range(9)))
    body = "".join(part.format(name, "") for name in names) + part.format("i.png", "Content-ID: <i@x>\n")
    found = user_data(parse(f"Content-Type: multipart/mixed; boundary=b\n\n{body}--b--\n".encode()), 100)
    assert found["AttachmentCount"] == "11"
    assert str(found["AttachmentNames"]).startswith("a.pdf, ?, xxx")
    assert str(found["AttachmentNames"]).endswith(" […]")


def test_a_program_is_named_where_that_is_wanted() -> None:
    """The class of a mail is the channel's to show."""
    assert user_data(mail(""), 100, sort="bounce")["MailClass"] == "bounce"
    assert user_data(mail(""), 100)["MailClass"] == ""
