"""Unpacking: some servers pack their answers although they were asked not to. Pure."""

import zlib
from typing import Final

from worker.api.wire import LONGEST_BODY, Answer

# zlib finds out by itself whether it is gzip or zlib (RFC 1950, RFC 1952).
_EITHER: Final = 32 + zlib.MAX_WBITS
_PLAIN: Final = frozenset({"", "identity"})
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})


def unpacked(answer: Answer) -> bytes | None:
    """Return the body as it was meant; None where it is longer than `LONGEST_BODY`, packed or not.

    Raises ValueError, with one clause for a person, for what cannot be unpacked.
    """
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if answer.body is None or encoding in _PLAIN:
        return answer.body
    if encoding not in _PACKED:
        raise ValueError(f"the answer is packed as {encoding}, which nobody asked for")
    unpacking = zlib.decompressobj(_EITHER)
    try:
        body = unpacking.decompress(answer.body, LONGEST_BODY + 1)
    except zlib.error as error:
        raise ValueError(f"the answer cannot be unpacked ({error})") from error
    if len(body) > LONGEST_BODY:
        return None
    if not unpacking.eof:
        raise ValueError("the answer was cut short (its packed body has no end)")
    return body
