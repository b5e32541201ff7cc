"""Structure: a mail's headers and parts, read within bounds so that no mail can be too much."""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32, Policy
from itertools import islice
from typing import Any

from connectors.base import UnreadableDelivery
from connectors.email.charset import decode

#: How many lines are read: the library's time is in lines. Some 45 MB of attachments; a few seconds at worst.
LINES = 600_000
#: How many parts a mail may have, and how deep they may stand inside one another.
PARTS = 1000
DEPTH = 50
#: How many headers of a part are read; the rest is left out.
HEADERS = 500

# Reading a header takes time quadratic in its length; what we need stands at the beginning.
_HEADER_CHARACTERS = 4000
# A mail's own headers are looked for no further than this.
_HEAD_BYTES = 1024 * 1024
_LINE_END = re.compile(rb"\r\n?|\n")
_HEAD_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
# Of these nothing that follows could be a piece.
_CERTAIN_ENDS = frozenset({b"\r\n\r\n", b"\n\n"})
_OF_PARTS = frozenset({"multipart", "message"})
# RFC 6838, section 4.2.
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
# What the standard library has been seen to raise, such as for a NUL in a boundary's charset.
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


class _Policy(Compat32):
    """The forgiving rules, with every header cut and made of characters when it is read."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        data = value[:_HEADER_CHARACTERS].encode("utf-8", "surrogateescape")
        return name, decode(data, None)


_POLICY = _Policy()


class _Part(Message):
    """A part that knows where it stands."""

    def __init__(self, policy: Policy = _POLICY) -> None:
        super().__init__(policy)
        self._depth = 0
        self._count = [1]

    def set_raw(self, name: str, value: str) -> None:
        if len(self) < HEADERS:
            super().set_raw(name, value)

    def attach(self, payload: Any) -> None:  # noqa: ANN401 - Message's own signature is as loose
        payload._depth = self._depth + 1  # noqa: SLF001 - a part of the same class
        payload._count = self._count  # noqa: SLF001 - as above
        self._count[0] += 1
        if payload._depth > DEPTH or self._count[0] > PARTS:  # noqa: SLF001 - as above
            raise UnreadableDelivery(f"the mail has over {PARTS} parts, or over {DEPTH} inside one another")
        super().attach(payload)


def read(raw: bytes) -> Message:
    """Return the mail's structure. Raises UnreadableDelivery."""
    try:
        beginning = _beginning(raw)
        return _single(beginning) or BytesParser(_Part, policy=_POLICY).parsebytes(beginning)
    except _FAULTS as error:
        raise UnreadableDelivery(f"the mail cannot be read: {type(error).__name__}") from error


def read_head(raw: bytes) -> Message:
    """Return the mail with its headers only: little work, whatever its size. Raises UnreadableDelivery."""
    head = raw[:_HEAD_BYTES]
    end = _HEAD_END.search(head)
    try:
        return BytesHeaderParser(_Part, policy=_POLICY).parsebytes(head[: end.end()] if end else head)
    except _FAULTS as error:
        raise UnreadableDelivery(f"the mail's headers cannot be read: {type(error).__name__}") from error


def _single(raw: bytes) -> Message | None:
    """Return a mail that is not made of parts, its body as it stands; None where that is not certain.

    The library would read such a body line by line, and put the lines together again.
    """
    end = _HEAD_END.search(raw, 0, _HEAD_BYTES)
    if end is None or end[0] not in _CERTAIN_ENDS:
        return None
    mail = BytesHeaderParser(_Part, policy=_POLICY).parsebytes(raw[: end.end()])
    # A line that is no header ends the head before its time.
    if mail.get_payload() or mail.get_content_maintype() in _OF_PARTS:
        return None
    mail.set_payload(raw[end.end() :].decode("ascii", "surrogateescape"))
    return mail


def _beginning(raw: bytes) -> bytes:
    if len(raw) < LINES:
        return raw
    last = next(islice(_LINE_END.finditer(raw), LINES - 1, None), None)
    return raw[: last.end()] if last else raw


def parts_of(part: Message) -> list[Message]:
    """Return what stands directly inside a part; nothing inside one that is not made of parts."""
    # Asking a part that is not made of parts would decode it, which may break.
    inside: Any = part.get_payload() if part.is_multipart() else []
    return list(inside)


def content_type(part: Message) -> str:
    """Return the type of what a part holds; plain text where its sender wrote none that is one."""
    written = part.get_content_type()
    return written if _TYPE.fullmatch(written) else "text/plain"


def is_attached(part: Message) -> bool:
    """Say whether a part asks not to be shown with the text."""
    return part.get_content_disposition() == "attachment"


def leaves(mail: Message) -> Iterator[Message]:
    """Walk through every part that holds something; a mail inside the mail is one of them."""
    if mail.get_content_maintype() == "multipart" and mail.is_multipart():
        for part in parts_of(mail):
            yield from leaves(part)
    else:
        yield mail


def data(part: Message) -> bytes:
    """Return what a part holds, its transfer encoding undone as far as it can be."""
    try:
        found = part.get_payload(decode=True)
    except _FAULTS:
        return b""
    return found if isinstance(found, bytes) else b""


def content(part: Message) -> str:
    """Return the text of a part; what is broken in it is left out or replaced."""
    try:
        charset = part.get_content_charset()
    except _FAULTS:  # such as a NUL in the name of the charset
        return ""
    return decode(data(part), charset)
