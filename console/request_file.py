"""Request files: an HTTP request written down as it went over the wire, read as a delivery.

A request line, headers, an empty line, and the body's exact bytes. A file without a request line is a body
alone.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.base import Delivery
from connectors.headers import Headers
from connectors.trace import sent_trace
from worker.errors import BridgeError

_REQUEST_LINE: Final = re.compile(rb"([A-Z]{3,10}) (\S+) HTTP/\d(?:\.\d)?\r?\n")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")

Pair = tuple[str, str]


class NotARequest(BridgeError):
    """What was given cannot be read as an HTTP request."""


def read_request(
    content: bytes, *, channel: str, arrived_at: datetime, headers: Sequence[Pair] = ()
) -> Delivery:
    """Return the delivery that a request file holds. Raises NotARequest.

    Args:
        content: The file.
        channel: Where it is to have come by.
        arrived_at: When, aware.
        headers: Further headers, for a body alone; they stand after those of the file.
    """
    method, target, written, body = _parts(content)
    found = Headers([*written, *headers])
    return Delivery(
        channel=channel,
        headers=found,
        body=_measured(body, found),
        arrived_at=arrived_at,
        trace_id=sent_trace(found) or "",
        method=method,
        url=_url(target, found) if target else "",
    )


def header(written: str) -> Pair:
    """Return the name and the value of `NAME: VALUE`. Raises NotARequest."""
    found = _HEADER.fullmatch(written)
    if found is None:
        raise NotARequest(f"{written!r} is not a header; write it as in 'Content-Type: application/json'")
    return found[1], found[2]


def _parts(content: bytes) -> tuple[str, str, list[Pair], bytes]:
    line = _REQUEST_LINE.match(content)
    if line is None:
        return "POST", "", [], content
    rest = content[line.end() :]
    end = re.search(rb"(?:\A|\r?\n)\r?\n", rest)
    if end is None:
        raise NotARequest("there is no empty line between the headers and the body")
    head = rest[: end.start()].decode("latin-1")
    return (
        line[1].decode(),
        line[2].decode("latin-1"),
        [header(each) for each in head.splitlines()],
        rest[end.end() :],
    )


def _measured(body: bytes, headers: Headers) -> bytes:
    """Return the body as long as its sender says; editors like to end a file with an empty line."""
    announced = headers.get("content-length", "")
    if not announced.isdecimal() or int(announced) == len(body):
        return body
    length = int(announced)
    if length < len(body) and not body[length:].strip(b"\r\n"):
        return body[:length]
    raise NotARequest(f"Content-Length says {length} bytes, but the body has {len(body)}")


def _url(target: str, headers: Headers) -> str:
    if "://" in target.partition("?")[0]:
        return target
    scheme = headers.get("x-forwarded-proto", "https")
    return f"{scheme}://{headers.get('host', 'localhost')}{target}"
