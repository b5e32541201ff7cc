"""A mail made of pieces reads as the one that was taken apart."""

import email
from email.message import EmailMessage
from email.policy import default
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from connectors.email.message import parse
from connectors.inbound.composing import Piece, compose, with_missing

HEADERS = [
    ("Subject", "Grüße"),
    ("From", "Jörg <joerg@example.org>"),
    ("Message-ID", "<1@x>"),
    ("References", "<0@x>\r\n <00@x>"),
    ("Content-Type", "multipart/mixed; boundary=old"),
    ("MIME-Version", "1.0"),
]


def read(raw: bytes) -> EmailMessage:
    """Return the mail as the standard library reads it, which is not how we do."""
    return cast("EmailMessage", email.message_from_bytes(raw, policy=default))


def test_a_text_alone_is_one_part() -> None:
    """Without the structure of the original."""
    found = read(compose(HEADERS, text="Grüße\n", html=""))
    assert found.get_content_type() == "text/plain"
    assert found.get_content() == "Grüße\n"
    assert found.get_all("mime-version") == ["1.0"]
    assert parse(compose(HEADERS, text="x", html="")).references == ("0@x", "00@x")


def test_everything_together() -> None:
    """Both texts are alternatives; pictures of the HTML and attachments are told apart."""
    pieces = [
        Piece("übersicht.pdf", "application/pdf", b"%PDF\r\n\x00"),
        Piece("logo.png", "image/png", b"PNG", "logo"),
        Piece("x.eml", "message/rfc822", b"Subject: inner\r\n\r\n"),
    ]
    found = read(compose(HEADERS, text="plain", html="<p>rich</p>", pieces=pieces))
    body = found.get_body(("html",))
    assert body is not None
    assert body.get_content() == "<p>rich</p>"
    attached = list(found.iter_attachments())
    assert [each.get_filename() for each in attached] == ["übersicht.pdf", "logo.png", "x.eml"]
    assert attached[0].get_content() == b"%PDF\r\n\x00"
    assert attached[1]["content-id"] == "<logo>"
    assert attached[1].get_content_disposition() == "inline"
    assert attached[2].get_content_type() == "application/octet-stream"
    assert attached[2].get_content() == b"Subject: inner\r\n\r\n"


def test_what_the_provider_keeps_has_its_name() -> None:
    """Counted and named, and not an empty file."""
    raw = compose(HEADERS, text="x", html="", pieces=[Piece("order.pdf", "application/pdf", None)])
    (found,) = parse(raw).attachments
    assert (found.name, found.content_type) == ("order.pdf", "message/external-body")


def test_headers_are_completed_and_not_doubled() -> None:
    """Whatever the case of their names; what says nothing is left out."""
    found = with_missing([("message-id", "<1@x>")], ("Message-ID", "<2@x>"), ("Subject", "Hi"), ("Cc", ""))
    assert found == [("message-id", "<1@x>"), ("Subject", "Hi")]


TEXT = st.text(max_size=40)


@given(
    st.lists(st.tuples(TEXT, TEXT), max_size=4),
    TEXT,
    TEXT,
    st.lists(st.builds(Piece, TEXT, TEXT, st.binary(max_size=9), TEXT), max_size=3),
)
def test_no_piece_writes_into_another(
    headers: list[tuple[str, str]], text: str, html: str, pieces: list[Piece]
) -> None:
    """Line breaks in a header, a name or an id begin no header of their own."""
    raw = compose([*headers, ("Subject", "last")], text=text, html=html, pieces=pieces)
    found = email.message_from_bytes(raw)
    allowed = {name.lower() for name, _ in headers} | {
        "subject", "mime-version", "content-type", "content-transfer-encoding",
    }  # fmt: skip
    assert {name.lower() for name in found.keys()} <= allowed  # noqa: SIM118 - a header may stand twice
    leaves = [part for part in found.walk() if not part.is_multipart()]
    assert len(leaves) == (1 if not (text and html) else 2) + len(pieces)
    for part in leaves if len(leaves) > 1 else []:
        assert {name.lower() for name in part.keys()} <= {  # noqa: SIM118 - as above
            "content-type", "content-transfer-encoding", "content-disposition", "content-id",
        }  # fmt: skip
