"""The data of an SMTP session: what stands between DATA and the lone dot (RFC 5321, section 4.1.1.4).

aiosmtpd reads it line by line, which for a mail of 20 KB takes as long as all else in its session. Here it
is read in pieces that end as the data's end does, so most mails are one piece.
"""

from asyncio import LimitOverrunError, StreamReader
from typing import Final

# Only the whole sequence ends the data: by bare line feeds around a dot, a mail could smuggle another one.
_LAST_LINE: Final = b".\r\n"
_END: Final = b"\r\n.\r\n"


class DataRefused(Exception):
    """Data that was read to its end and is not taken; its words are the reply."""


async def read_data(reader: StreamReader, *, size_limit: int, line_limit: int) -> bytes:
    """Return a mail, the dots in front of its lines undone.

    Args:
        reader: Where it comes from.
        size_limit: How many bytes it may have as it is sent.
        line_limit: How many bytes a line of it may have, its end included.

    Raises:
        DataRefused: It is larger, or one of its lines is longer. Its sender has been heard out.
    """
    data = bytearray()
    refusal = ""
    while not (data.endswith(_END) or data == _LAST_LINE):
        data += await _piece(reader)
        if refusal or len(data) - len(_LAST_LINE) > size_limit:
            refusal = refusal or _trouble(data, line_limit) or "552 Error: Too much mail data"
            # Nobody needs it any more, but its end has to be told.
            del data[: -len(_END)]
    if refusal := refusal or _trouble(data, line_limit):
        raise DataRefused(refusal)
    del data[-len(_LAST_LINE) :]
    if data.startswith(b"."):
        del data[:1]
    return bytes(data.replace(b"\r\n.", b"\r\n"))


async def _piece(reader: StreamReader) -> bytes:
    """Return what comes next, up to something that may be the end."""
    try:
        return await reader.readuntil(_LAST_LINE)
    except LimitOverrunError as error:
        return await reader.read(error.consumed)


def _trouble(data: bytearray, line_limit: int) -> str:
    """Return the reply to data with a line that is too long, nothing for all other."""
    if len(data) > line_limit and max(map(len, data.split(b"\r\n"))) + len(b"\r\n") > line_limit:
        return "500 Line too long (see RFC5321 4.5.3.1.6)"
    return ""
