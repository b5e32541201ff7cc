"""Request files."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Delivery
from console.request_file import NotARequest, header, read_request

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def read(content: bytes, **more: Any) -> Delivery:  # noqa: ANN401 - further headers
    """Read a file for the channel `shop`."""
    return read_request(content, channel="shop", arrived_at=NOW, **more)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_request_is_read_as_it_went_over_the_wire(line_end: bytes) -> None:
    """Method, URL, headers in their order and the exact body, whatever ends the lines of the head."""
    lines = (
        b"PUT /channels/shop?x=1 HTTP/1.1",
        b"Host: bridge.example.com",
        b"X-Two:  a b ",
        b"x-two: c",
        b"traceparent: 00-" + TRACE.encode() + b"-b7ad6b7169203331-01",
        b"",
        b"one\r\n\r\ntwo\n",
    )
    found = read(line_end.join(lines))
    assert (found.method, found.url) == ("PUT", "https://bridge.example.com/channels/shop?x=1")
    assert found.headers.all("X-Two") == ("a b", "c")
    assert found.body == b"one\r\n\r\ntwo\n"
    assert (found.channel, found.arrived_at, found.trace_id) == ("shop", NOW, TRACE)


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (b"POST https://a.example/x?y=1 HTTP/1.1\n", "https://a.example/x?y=1"),
        (b"POST /x HTTP/2\nHost: a.example:8080\nX-Forwarded-Proto: http\n", "http://a.example:8080/x"),
        (b"POST /x HTTP/1.0\n", "https://localhost/x"),
    ],
)
def test_the_url_is_the_senders(head: bytes, url: str) -> None:
    """The URL is put together as the sender knows it, because some sign it."""
    assert read(head + b"\n").url == url


def test_a_file_without_a_request_line_is_a_body() -> None:
    """A body alone is posted; its headers are given beside it."""
    found = read(b'{"a": 1}\n', headers=[("X-A", "1")])
    assert (found.method, found.url, found.body) == ("POST", "", b'{"a": 1}\n')
    assert found.headers["x-a"] == "1"


def test_what_an_editor_adds_is_taken_away_again() -> None:
    """Where the sender said how long its body is, a line end behind it is not the sender's."""
    head = b"POST / HTTP/1.1\nContent-Length: 3\n\n"
    assert read(head + b"abc").body == read(head + b"abc\r\n").body == b"abc"
    for body in (b"ab", b"abcd"):
        with pytest.raises(NotARequest, match=f"says 3 bytes, but the body has {len(body)}"):
            read(head + body)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"POST / HTTP/1.1\nA: b", "no empty line"),
        (b"POST / HTTP/1.1\nnonsense\n\n", "'nonsense' is not a header"),
        (b"POST / HTTP/1.1\nA b: c\n\n", "'A b: c' is not a header"),
    ],
)
def test_what_is_no_request_is_named(content: bytes, complaint: str) -> None:
    """A file that begins like a request and does not go on like one is a mistake."""
    with pytest.raises(NotARequest, match=complaint):
        read(content)


def test_headers_are_written_as_curl_has_them() -> None:
    """A name, a colon, a value."""
    assert header("X-Signature-256: sha256=ab: c") == ("X-Signature-256", "sha256=ab: c")
    assert header("A:") == ("A", "")
    with pytest.raises(NotARequest, match="is not a header"):
        header("nothing")
