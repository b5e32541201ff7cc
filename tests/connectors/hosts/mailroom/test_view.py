"""What stands on the page of a message: its text, its pictures, its attachments, and what has to be known."""

from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.hosts.mailroom.view import download, view

PNG = b"\x89PNG\r\n\x1a\n"


def mail() -> EmailMessage:
    """Return a mail with everything."""
    made = EmailMessage()
    made["Subject"] = "Grüße"
    made["From"] = "Jörg <joerg@example.org>"
    made["To"] = "support@example.com"
    made.set_content("Plain\n\n    indented")
    made.add_alternative('<p>Rich <img src="cid:logo"></p>', subtype="html")
    rich: Any = made.get_payload()[1]
    rich.add_related(PNG, "image", "png", cid="<logo>")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
    made.add_attachment(b"<b>", maintype="text", subtype="html", filename="../x.html")
    return made


def test_everything_is_there() -> None:
    """Headers decoded, text with its spaces, HTML with its picture, attachments under safe names."""
    shown = view(mail().as_bytes())
    assert shown.subject == "Grüße"
    assert shown.headers[0] == ("From", "Jörg <joerg@example.org>")
    assert shown.text == "Plain\n\n    indented"
    assert shown.html is not None
    assert "data:image/png;base64,iVBORw0KGgo=" in shown.html.html
    assert [(each.number, each.name, each.content_type, each.inline) for each in shown.attached] == [
        (1, "attachment-1.png", "image/png", True),
        (2, "a.pdf", "application/pdf", False),
        (3, "x.html", "application/octet-stream", False),
    ]


def test_attachments_are_found_by_their_number() -> None:
    """Byte for byte; others are not there."""
    raw = mail().as_bytes()
    found = download(raw, 3)
    assert found is not None
    assert found[1] == b"<b>"
    assert download(raw, 4) is None
    assert download(raw, 0) is None


def test_a_mail_inside_the_mail_is_one_file() -> None:
    """As a mail program would open it."""
    inner, outer = mail(), EmailMessage()
    outer.set_content("see below")
    outer.add_attachment(inner)
    shown = view(outer.as_bytes())
    assert [each.name for each in shown.attached] == ["Grüße.eml"]
    found = download(outer.as_bytes(), 1)
    assert found is not None
    assert b"Plain" in found[1]
    assert b"Subject:" in found[1]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"Content-Type: multipart/encrypted; boundary=x\r\n\r\n--x\r\n\r\nv\r\n--x--\r\n", "encrypted"),
        (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx", "encrypted"),
        (b"Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\nv\r\n--x--\r\n", "signed"),
        (b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx", "winmail.dat"),
        (b"Content-Type: text/html\r\n\r\n" + b"<div>" * 5000 + b"x", "too large or too deep"),
    ],
)
def test_what_has_to_be_known_is_said(raw: bytes, said: str) -> None:
    """In a sentence on the page."""
    assert any(said in remark for remark in view(raw).remarks)


@given(
    st.binary(max_size=300)
    | st.sampled_from([mail().as_bytes()]).flatmap(
        lambda raw: st.integers(0, len(raw)).map(lambda at: raw[:at] + b"\xff\x00" + raw[at:])
    )
)
def test_no_mail_is_too_broken(raw: bytes) -> None:
    """Whatever the bytes are, there is a page."""
    shown = view(raw)
    for each in shown.attached:
        assert download(raw, each.number) is not None
