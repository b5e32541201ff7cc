"""Body: a request's bytes, read no further than the limit and no longer than the deadline."""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.types import Receive

#: Stands in the ASGI scope of a request whose whole body came with its head; `http_protocol` knows.
WHOLE: Final = "bridge.whole"
#: How long a whole body may take to arrive, where nothing else is said.
DEADLINE_S = 10.0


class TooLarge(Exception):
    """The body is over the limit, by its own word or by count."""


class TooSlow(Exception):
    """The body did not arrive before the deadline."""


class Gone(Exception):
    """The sender went away before the body ended."""


def _no_matter(_size: int) -> None:
    """Have room for anything."""


async def read_body(
    receive: Receive,
    *,
    announced: int | None,
    limit: int,
    deadline_s: float,
    is_here: bool = False,
    take: Callable[[int], None] = _no_matter,
) -> bytes:
    """Return the whole body. Raises TooLarge, TooSlow, Gone, or whatever `take` does.

    Args:
        receive: Where the body comes from.
        announced: Its Content-Length, if it has one.
        limit: The number of bytes that is still accepted.
        deadline_s: The seconds it may take.
        is_here: Whether all of it came with its head, as most do: then there is nothing to wait for.
        take: Told of the bytes that arrived, before more are waited for.
    """
    if announced is not None and announced > limit:
        raise TooLarge
    if is_here:
        return await _read(receive, limit, take)
    try:
        async with asyncio.timeout(deadline_s):
            return await _read(receive, limit, take)
    except TimeoutError as error:
        raise TooSlow from error


async def _read(receive: Receive, limit: int, take: Callable[[int], None]) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        take(len(chunk))
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
