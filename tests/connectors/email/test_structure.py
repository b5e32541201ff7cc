"""The parts of a mail, within bounds."""

from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.base import UnreadableDelivery
from connectors.email.structure import (
    DEPTH,
    HEADERS,
    LINES,
    PARTS,
    content,
    data,
    is_attached,
    leaves,
    read,
    read_head,
)


def multipart(*parts: bytes, boundary: bytes = b"b") -> bytes:
    """Return a multipart mail of these parts."""
    head = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n'
    return (
        head
        + b"".join(b"--" + boundary + b"\n" + part + b"\n" for part in parts)
        + b"--"
        + boundary
        + b"--\n"
    )


def nested(depth: int) -> bytes:
    """Return a mail with so many levels of parts inside it."""
    mail = b"Content-Type: text/plain\n\ncore"
    for level in range(depth):
        mail = multipart(mail, boundary=b"level-%d" % level)
    return mail


def test_too_deep_is_unreadable() -> None:
    """A mail may be nested so deep and no deeper; far deeper is no danger either."""
    assert [content(part) for part in leaves(read(nested(DEPTH)))] == ["core"]
    for depth in (DEPTH + 1, 5000):
        with pytest.raises(UnreadableDelivery, match="inside one another"):
            read(nested(depth))


def test_forwarded_mails_nest_as_well() -> None:
    """Mails inside mails count as depth."""
    with pytest.raises(UnreadableDelivery):
        read(b"Content-Type: message/rfc822\n\n" * 100)


def test_too_many_parts_are_unreadable() -> None:
    """A mail may have so many parts and no more."""
    part = b"\nx"
    assert len(list(leaves(read(multipart(*[part] * (PARTS - 1)))))) == PARTS - 1
    with pytest.raises(UnreadableDelivery, match="parts"):
        read(multipart(*[part] * PARTS))


def test_what_the_library_cannot_read_is_unreadable() -> None:
    """A header on which the standard library breaks makes the mail unreadable, not the bridge."""
    with pytest.raises(UnreadableDelivery, match="cannot be read: ValueError"):
        read(b"Content-Type: multipart/mixed; boundary*=utf\0-8'en'b\n\nbody")


def test_every_part_that_holds_something_is_walked() -> None:
    """Parts inside parts, attachments, and a mail inside the mail as one."""
    mail = multipart(
        multipart(b"Content-Type: text/plain\n\none", b"Content-Type: text/html\n\ntwo", boundary=b"inner"),
        b"Content-Disposition: attachment\n\nthree",
        b"Content-Type: message/rfc822\n\nSubject: x\n\nfour",
        b"Content-Disposition: inline\n\nfive",
    )
    found = list(leaves(read(mail)))
    assert [content(part) for part in found] == ["one", "two", "three", "", "five"]
    assert [is_attached(part) for part in found] == [False, False, True, False, False]


def test_data_is_what_a_part_holds() -> None:
    """Its transfer encoding undone; nothing of one that is made of parts."""
    assert data(read(b"Content-Transfer-Encoding: base64\n\nAAE=")) == b"\0\x01"
    assert data(read(multipart(b"\nx"))) == b""


def test_what_the_library_cannot_decode_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part on which it breaks holds nothing; the rest of the mail is read."""

    def broken(*_: object, **__: object) -> bytes:
        raise LookupError

    mail = read(b"\nx")
    monkeypatch.setattr(type(mail), "get_payload", broken)
    assert data(mail) == b""


def test_headers_without_end_are_left_out() -> None:
    """So many of a part are read, and its text is found behind all of them."""
    mail = read(b"Subject: first\n" + b"X-More: x\n" * 20_000 + b"Last: x\n\ntext")
    assert (len(mail), mail["subject"], mail["last"], content(mail)) == (HEADERS, "first", None, "text")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_head_is_read_alone(end: bytes) -> None:
    """Without looking at the rest, however large that is."""
    mail = read_head(end.join((b"Subject: s", b"To: t", b"", b"Subject: not mine" + b"x" * 10_000_000)))
    assert (mail.get_all("subject"), mail["to"], mail.is_multipart()) == (["s"], "t", False)
    assert len(read_head(b"")) == 0
    assert read_head(b"Subject: only")["subject"] == "only"


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (b"Content-Transfer-Encoding: base64\n\nR3LDvMOfZQ==", "Grüße"),
        (b"Content-Transfer-Encoding: BASE64\n\nR3LDvMOfZQ", "Grüße"),
        (b"Content-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=\n=C3=9Fe =XY", "Grüße =XY"),
        (b"Content-Transfer-Encoding: x-uuencode\n\nnot uuencoded", "not uuencoded"),
        (b"Content-Transfer-Encoding: nonsense\n\nGr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"Content-Type: text/plain; charset=latin-1\n\nGr\xfc\xdfe", "Grüße"),
        (b'Content-Type: text/plain; charset="\xff"\n\nGr\xc3\xbc\xc3\x9fe', "Grüße"),
        (b"Content-Type: text/plain; charset*=x'y'%ff\n\nGr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--", ""),
        (b"Content-Type: text/plain; charset*=utf\0-8'en'x\n\nlost", ""),
        (b"", ""),
    ],
)
def test_content_is_text(mail: bytes, text: str) -> None:
    """Every transfer encoding and charset, right, wrong or broken, gives text."""
    assert content(read(mail)) == text


def test_headers_are_cut() -> None:
    """A header of any length is cut when it is read, raw 8-bit text included."""
    mail = read(b"Subject: \xc3\xbc" + b"x" * 100_000 + b"\n\n")
    assert mail["subject"].startswith("üx")
    assert len(mail["subject"]) < 5000


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_counted(end: bytes) -> None:
    """Of a mail with lines without end only the first ones are read, whatever ends them."""
    head = end + b"x"
    assert content(read(head + end * (LINES - 2) + b"the end")).endswith("the end")
    assert not content(read(head + end * LINES + b"the end")).endswith("the end")


PIECES = st.sampled_from(
    [
        b"Subject: s",
        b"Content-Type: text/plain",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"From somebody",
        b" folded",
        b"no header",
        b"--b",
        b"",
        b"w\xf6rter",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\n\n",
    ]
)


@given(st.lists(PIECES, max_size=12).map(b"".join))
@example(b"Subject: s\r\r\nwords")
@example(b"Subject: s\nno header\n\nwords")
@example(b"Content-Type: message/rfc822\n\nSubject: s\n\nwords")
def test_a_body_that_is_left_as_it_stands_is_what_the_library_reads(raw: bytes) -> None:
    """However heads and bodies, their ends and what is no header follow one another."""
    ours = read(raw)
    theirs = BytesParser(type(ours), policy=ours.policy).parsebytes(raw)
    assert ours.items() == theirs.items()
    assert ours.is_multipart() == theirs.is_multipart()
    assert [data(part) for part in leaves(ours)] == [data(part) for part in leaves(theirs)]
