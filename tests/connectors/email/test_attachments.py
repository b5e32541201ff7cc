"""What a mail carries, as a list."""

import pytest

from connectors.email.attachments import attachments
from connectors.email.structure import read


def carried(part: bytes) -> tuple[str, str, int, bool]:
    """Return the one attachment of a mail whose second part this is."""
    mail = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n" + part + b"\n--b--\n"
    (found,) = attachments(read(mail))
    assert found.place == 1
    return found.name, found.content_type, found.size, found.inline


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            b'Content-Disposition: attachment; filename="a.pdf"\nContent-Transfer-Encoding: base64\n\nYWJj',
            ("a.pdf", "text/plain", 3, False),
        ),
        (b'Content-Type: application/pdf; name="a.pdf"\n\nabc', ("a.pdf", "application/pdf", 3, False)),
        (b"Content-Disposition: attachment\n\nabc", ("", "text/plain", 3, False)),
        (b"Content-Type: text/plain; name=log.txt\n\nabc", ("log.txt", "text/plain", 3, False)),
        (b"Content-Type: image/png\nContent-ID: <i@x>\n\nabc", ("", "image/png", 3, True)),
        (
            b"Content-Type: image/png\nContent-ID: <i@x>\nContent-Disposition: attachment\n\nabc",
            ("", "image/png", 3, False),
        ),
        (
            b"Content-Type: application/x; name*=utf-8''Gr%C3%BC%C3%9Fe.pdf\n\n",
            ("Grüße.pdf", "application/x", 0, False),
        ),
        (
            b'Content-Type: application/x; name="=?utf-8?q?Gr=C3=BC=C3=9Fe=2Epdf?="\n\n',
            ("Grüße.pdf", "application/x", 0, False),
        ),
        (
            b"Content-Type: application/x; name*=utf-8''a%0D%0ABcc:%20x%00.pdf\n\n",
            ("a Bcc: x.pdf", "application/x", 0, False),
        ),
        (b'Content-Type: application/x; name="../../etc/passwd"\n\n', ("passwd", "application/x", 0, False)),
        (
            b"Content-Type: application/x; name*=''C:%5Cdir%5Ca.exe\n\n",
            ("a.exe", "application/x", 0, False),
        ),
        (b"Content-Type: application/x; name*=utf\0-8''a\n\n", ("", "application/x", 0, False)),
        (
            b"Content-Type: message/rfc822\n\nSubject: In/side\n\nabc",
            ("In-side.eml", "message/rfc822", 3, False),
        ),
        (b"Content-Type: message/rfc822\n\n\nabc", ("", "message/rfc822", 3, False)),
        (b"Content-Type: \0/x; name=a\n\nabc", ("a", "text/plain", 3, False)),
        (b"Content-Type: text/calendar; method=REQUEST\n\nabc", ("", "text/calendar", 3, False)),
    ],
)
def test_attachments_are_listed(part: bytes, expected: tuple[str, str, int, bool]) -> None:
    """Name, type, size and whether it is shown; names have no folders, no lines and nothing unprintable."""
    assert carried(part) == expected


def test_the_text_is_no_attachment() -> None:
    """A mail that is nothing but text carries nothing, and neither does one in two forms."""
    head = b"Content-Type: multipart/alternative; boundary=b\n\n"
    alternative = head + b"--b\n\nx\n--b\nContent-Type: text/html\n\nx\n--b--"
    assert attachments(read(b"\ntext")) == ()
    assert attachments(read(alternative)) == ()


def test_names_are_cut() -> None:
    """A name is at most as long as a file system takes."""
    name, _, _, _ = carried(b"Content-Type: application/x; name=" + b"x" * 3000 + b"\n\n")
    assert len(name) == 255
