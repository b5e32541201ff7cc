"""Composing: a mail made of what a provider took it apart into. The same pieces give the same bytes."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

#: What describes the structure of the original, which this is not.
_STRUCTURE: Final = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version"}
)
_NAME: Final = re.compile(r"[!-9;-~]{1,100}")
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_BREAKS: Final = re.compile(r"[\r\n\0]+[ \t]*")
_LINE: Final = 76

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that the mail carries beside its text."""

    name: str = field(repr=False)
    content_type: str
    #: None where the provider keeps it, and we have its name only.
    content: bytes | None = field(repr=False)
    #: Without brackets; empty where the text does not refer to it.
    content_id: str = ""


def compose(headers: Iterable[Pair], *, text: str, html: str, pieces: Iterable[Piece] = ()) -> bytes:
    """Return a mail with the original's headers, its text, its HTML, and what it carried."""
    shown = [_text("plain", text)] if text or not html else []
    if html:
        shown.append(_text("html", html))
    body = shown[0] if len(shown) == 1 else _multipart("alternative", shown)
    parts = [body, *map(_piece, pieces)]
    whole = body if len(parts) == 1 else _multipart("mixed", parts)
    return b"".join(map(_header, headers)) + b"MIME-Version: 1.0\r\n" + whole


def with_missing(headers: Iterable[Pair], *more: Pair) -> list[Pair]:
    """Return headers, completed by those that are not among them and say something."""
    found = list(headers)
    there = {name.lower() for name, _ in found}
    return [*found, *((name, value) for name, value in more if value and name.lower() not in there)]


def _header(pair: Pair) -> bytes:
    name, value = pair
    if not _NAME.fullmatch(name) or name.lower() in _STRUCTURE:
        return b""
    return f"{name}: {_BREAKS.sub(' ', value)}\r\n".encode("utf-8", "replace")


def _text(kind: str, text: str) -> bytes:
    return _part(f"Content-Type: text/{kind}; charset=utf-8\r\n", text.encode("utf-8", "replace"))


def _piece(piece: Piece) -> bytes:
    kind = piece.content_type.partition(";")[0].strip()
    kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
    placed = "inline" if piece.content_id else "attachment"
    head = (
        f"Content-Disposition: {placed}; filename*=utf-8''{quote(piece.name, safe='', errors='replace')}\r\n"
    )
    if piece.content_id:
        head += f"Content-ID: <{_BREAKS.sub(' ', piece.content_id)}>\r\n"
    if piece.content is None:
        # RFC 2046, section 5.2.3: what is described here is somewhere else.
        inside = f"Content-Type: {kind}\r\n\r\nThe provider keeps this attachment.\r\n"
        return f"Content-Type: message/external-body; access-type=x-provider\r\n{head}\r\n{inside}".encode()
    if kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"  # it is one file now, whatever is in it
    return _part(f"Content-Type: {kind}\r\n{head}", piece.content)


def _part(head: str, content: bytes) -> bytes:
    written = base64.b64encode(content)
    lines = b"\r\n".join(written[at : at + _LINE] for at in range(0, len(written), _LINE))
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode("utf-8", "replace") + lines + b"\r\n"


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    digest = hashlib.sha256(b"".join(parts)).hexdigest()[:32]
    boundary = f"={kind}={digest}"
    written = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    return head.encode() + written + f"--{boundary}--\r\n".encode()
