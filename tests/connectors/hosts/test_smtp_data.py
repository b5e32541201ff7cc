"""What stands between DATA and the lone dot."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.hosts.smtp_data import DataRefused, read_data

#: The reader's own limit is the line's, as in a session.
LINE = 64
SIZE = 1000
NEXT = b"QUIT\r\n"

LINES = st.lists(
    st.sampled_from([b"", b".", b"..", b"a", b"end.", b".a", b"\n.\n", b"\r", b"\r.", b"b" * 60])
)


def read(sent: bytes, cuts: tuple[int, ...] = (), *, size: int = SIZE) -> tuple[bytes, bytes]:
    """Return the mail, and what is left for the next command; the data arrives cut at these places."""

    async def reading() -> tuple[bytes, bytes]:
        reader = asyncio.StreamReader(limit=LINE)
        task = asyncio.create_task(read_data(reader, size_limit=size, line_limit=LINE))
        for first, last in pairwise([0, *sorted(cuts), len(sent)]):
            reader.feed_data(sent[first:last])
            await asyncio.sleep(0)
        reader.feed_eof()
        try:
            return await task, await reader.read()
        except DataRefused:
            assert await reader.read() == NEXT
            raise

    return asyncio.run(reading())


@given(LINES, st.lists(st.integers(0, 500), max_size=5))
@example([], [])
@example([b"", b"."], [3])
@example([b"end."] * 3, [4, 5, 6])
def test_what_is_sent_arrives_however_it_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    """Line for line, its dots undone, up to the lone dot and no further."""
    mail = b"".join(line + b"\r\n" for line in lines)
    sent = b"".join(
        (b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in mail.split(b"\r\n")[:-1]
    )
    assert read(sent + b".\r\n" + NEXT, tuple(cuts), size=10_000) == (mail, NEXT)


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\n\n.\r\n"])
def test_only_the_whole_sequence_ends_it(end: bytes) -> None:
    """A second mail that is smuggled behind something like an end stays a piece of the first."""
    smuggled = b"first" + end + b"MAIL FROM:<a@b>\r\nsecond\r\n"
    mail, left = read(smuggled + b".\r\n" + NEXT)
    assert mail == smuggled.replace(b"\r\n.", b"\r\n")
    assert left == NEXT


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (b"a" * (LINE - 1) + b"\r\n", "500 Line too long"),
        (b"short\r\n" + b"a" * 5 * LINE + b"\r\nshort\r\n", "500 Line too long"),
        (b"a" * 3 * SIZE + b"\r\n", "500 Line too long"),
        (b"line.\r\n" * SIZE, "552 Error: Too much mail data"),
        (b"line\r\n" * SIZE, "552 Error: Too much mail data"),
    ],
)
def test_too_much_is_heard_out_and_refused(sent: bytes, reply: str) -> None:
    """A line that is too long is named first; the next command is read from its beginning."""
    with pytest.raises(DataRefused, match=reply):
        read(sent + b".\r\n" + NEXT)


def test_what_just_fits_is_taken() -> None:
    """A line and a mail may be as long as their limits say, the end of a line included."""
    line = b"a" * (LINE - 2) + b"\r\n"
    assert read(line + b".\r\n") == (line, b"")
    assert read(line * 5 + b".\r\n", size=5 * LINE) == (line * 5, b"")
    with pytest.raises(DataRefused, match="552"):
        read(line * 5 + b".\r\n" + NEXT, size=5 * LINE - 1)
