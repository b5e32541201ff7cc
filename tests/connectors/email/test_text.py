"""What a mail says."""

import pytest

from connectors.email.structure import read
from connectors.email.text import readable


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
    assert readable(read(mail)) == text


def test_the_first_of_several_texts_counts() -> None:
    """A second text of the same kind, such as a footer of a mailing list, is left out."""
    assert readable(read(both(b"one", b"").replace(b"text/html", b"text/plain"))) == "one"


def test_deep_html_is_no_danger() -> None:
    """HTML nested without end, or without sense, costs no more than its preview."""
    deep = b"Content-Type: text/html\n\n" + b"<div>" * 50_000 + b"text"
    assert isinstance(readable(read(deep)), str)


def test_html_that_cannot_be_read_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the HTML reader breaks, the mail has an empty text."""

    def broken(html: str) -> str:
        raise RecursionError(html)

    monkeypatch.setattr("connectors.email.text.get_text", broken)
    assert readable(read(b"Content-Type: text/html\n\n<p>x")) == ""
