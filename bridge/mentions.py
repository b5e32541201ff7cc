"""Mentions: whether a person's address stands in bytes, however these are wrapped. Pure.

Mail hides words in encoded headers and parts; a webhook may carry a whole mail in JSON or in a form, encoded
again. What is compressed or encrypted stays closed.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from worker.errors import BridgeError

#: How many wrappings are opened, one inside the other.
_DEPTH: Final = 3
#: Base64 that is longer than a word.
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{20,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
#: Ways in which a mail's part is not what it says.
_ENCODINGS: Final = {"base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue"}

Finder = Callable[[bytes], bool]


def finder(address: str) -> Finder:
    """Return what says whether bytes mention an address: whole, in any case, also as it stands in a URL.

    Raises BridgeError where that is no address.
    """
    if "@" not in address.strip("@"):
        raise BridgeError(f"{address!r} is no address: write one as in jane@example.org")
    forms = {re.escape(each.encode()) for each in (address, quote(address, safe=""))}
    whole = re.compile(rb"(?<![\w.+-])(?:" + b"|".join(sorted(forms)) + rb")(?![\w-]|\.\w)", re.IGNORECASE)
    return lambda content: any(map(whole.search, said(content)))


def said(content: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """Yield bytes as they are, and what they wrap: a mail's headers and parts, JSON, forms, base64."""
    yield content
    if b"\0" in content:  # UTF-16, as far as addresses go
        yield content.replace(b"\0", b"")
    if b"&" in content:
        yield html.unescape(content.decode("utf-8", "replace")).encode("utf-8", "replace")
    if depth == 0:
        return
    for inner in (*_of_mail(content), *_of_json(content), *_of_form(content), *_of_base64(content)):
        yield from said(inner, depth - 1)


def _of_mail(content: bytes) -> Iterator[bytes]:
    """Yield the decoded headers and parts of a mail; of what is none, next to nothing."""
    if b":" not in content:
        return
    for part in message_from_bytes(content).walk():
        yield "\n".join(map(_header, part.values())).encode("utf-8", "replace")
        encoded = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
        payload = part.get_payload(decode=True) if encoded in _ENCODINGS else None
        if isinstance(payload, bytes):
            yield payload


def _header(value: object) -> str:
    try:
        return str(make_header(decode_header(str(value))))
    except (HeaderParseError, MessageError, LookupError, ValueError):
        return str(value)


def _of_json(content: bytes) -> Iterator[bytes]:
    if content.lstrip()[:1] not in (b"{", b"["):
        return
    try:
        yield from _texts(json.loads(content))
    except (ValueError, RecursionError):
        return


def _texts(value: Any) -> Iterator[bytes]:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, str):
        yield value.encode("utf-8", "replace")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _texts(name)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _of_form(content: bytes) -> Iterator[bytes]:
    if b"%" in content:
        yield unquote_to_bytes(content.replace(b"+", b" "))


def _of_base64(content: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(content):
        text = re.sub(rb"[\r\n=]", b"", found[0]).translate(bytes.maketrans(b"-_", b"+/"))
        try:
            yield base64.b64decode(text[: len(text) // 4 * 4] + _tail(text))
        except binascii.Error:
            continue


def _tail(text: bytes) -> bytes:
    rest = text[len(text) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
