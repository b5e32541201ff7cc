"""What a mail says."""

import pytest

from connectors.email.structure import read
from connectors.email.text import Text, text_of


def both(plain: bytes, html: bytes) -> bytes:
    """Return a mail with two versions of its text."""
    return (
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        + plain
        + b"\n--b\nContent-Type: text/html\n\n"
        + html
        + b"\n--b--\n"
    )


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (both(b"plain", b"<p>html</p>"), "plain"),
        (both(b" \n \n", b"<p>html</p>"), "html"),
        (b"\nno type at all", "no type at all"),
        (
            b"Content-Type: text/html\n\n<style>x{}</style><p>one<br>two</p><script>3</script><p>four",
            "one\ntwo\n\nfour",
        ),
        (b"Content-Type: text/html\n\n<?xml version='1.0' encoding='x'?><html>declared</html>", "declared"),
        (b"Content-Type: text/html\n\n<!-- nothing -->", ""),
        (b"Content-Type: text/html\n\n\x01<b", ""),
        (b"Content-Type: application/pdf\n\n%PDF", ""),
        (b"", ""),
    ],
)
def test_the_text_is_found(mail: bytes, text: str) -> None:
    """Plain text comes first; HTML is read where there is none; a mail may say nothing."""
    assert text_of(read(mail)).whole == text


def mixed(*parts: bytes) -> bytes:
    """Return a mail of several parts."""
    return b"Content-Type: multipart/mixed; boundary=m\n\n--m\n" + b"\n--m\n".join(parts) + b"\n--m--\n"


def test_one_of_the_alternatives_is_shown() -> None:
    """The plain one, wherever it stands; the next one that says something where it says nothing."""
    swapped = both(b"", b"").replace(b"text/plain", b"text/x").replace(b"text/html", b"text/plain")
    assert text_of(read(swapped.replace(b"text/plain\n\n", b"text/plain\n\nplain"))).whole == "plain"
    assert text_of(read(both(b"one", b"").replace(b"text/html", b"text/plain"))).whole == "one"


def test_texts_that_stand_one_after_the_other_are_all_shown() -> None:
    """As in mail from a telephone, with pictures between its paragraphs, or with a list's footer."""
    picture = b"Content-Type: image/png\n\nx"
    html = b"Content-Type: text/html\n\n<p>two"
    attached = b"Content-Disposition: attachment\n\nlog"
    found = text_of(read(mixed(b"\none", picture, html, attached, b"\nthree")))
    assert found == Text("one\n\ntwo\n\nthree", "one\n\ntwo\n\nthree")


def test_the_quote_of_each_piece_is_cut() -> None:
    """Plain or HTML, before a footer or not."""
    plain = b"\nnew\n\nAm 1.1. schrieb Ada:\n> old"
    html = b'Content-Type: text/html\n\n<p>fresh</p><blockquote type="cite">old</blockquote>'
    assert text_of(read(mixed(plain, html, b"\nfooter"))).new == "new\n\nfresh\n\nfooter"
    assert text_of(read(html.replace(b"<p>fresh</p>", b""))).new == "old"


def test_deep_html_is_no_danger() -> None:
    """HTML nested without end, or without sense, costs no more than its preview."""
    deep = b"Content-Type: text/html\n\n" + b"<div>" * 50_000 + b"text"
    assert isinstance(text_of(read(deep)).whole, str)


def test_text_without_end_is_cut() -> None:
    """All pieces together are bounded."""
    pieces = [b"\n" + b"x" * 150_000] * 3
    assert len(text_of(read(mixed(*pieces))).whole) <= 200_000 + 4
