"""What a server packed against our wish is unpacked, and never to more than we read."""

import gzip
import zlib

import pytest

from worker.api.unpacking import unpacked
from worker.api.wire import LONGEST_BODY, Answer


def _answer(body: bytes | None, encoding: str | None = None) -> Answer:
    return Answer(200, {} if encoding is None else {"content-encoding": encoding}, body)


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_what_is_not_packed_stays_as_it_is(encoding: str | None) -> None:
    """Nothing is done where nothing was."""
    assert unpacked(_answer(b"{}", encoding)) == b"{}"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b"{}")), ("X-GZIP", gzip.compress(b"{}")), ("deflate", zlib.compress(b"{}"))],
)
def test_what_is_packed_is_unpacked(encoding: str, body: bytes) -> None:
    """Both ways that HTTP has always had are known."""
    assert unpacked(_answer(body, encoding)) == b"{}"


def test_a_body_of_the_longest_size_is_unpacked_and_no_longer_one() -> None:
    """A small answer cannot unpack to gigabytes."""
    assert unpacked(_answer(gzip.compress(b" " * LONGEST_BODY), "gzip")) == b" " * LONGEST_BODY
    assert unpacked(_answer(gzip.compress(b" " * (LONGEST_BODY + 1)), "gzip")) is None
    assert unpacked(_answer(None, "gzip")) is None


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", b"{}", "cannot be unpacked"),
        ("gzip", gzip.compress(b"{}")[:-4], "cut short"),
        ("br", b"{}", "packed as br"),
    ],
)
def test_what_cannot_be_unpacked_is_said(encoding: str, body: bytes, words: str) -> None:
    """A lie, half a body, and a way that nobody asked for."""
    with pytest.raises(ValueError, match=words):
        unpacked(_answer(body, encoding))
