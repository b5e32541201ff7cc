"""Structure: a mail's headers and parts, read within bounds so that no mail can be too much."""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32, Policy
from itertools import islice
from typing import Any

from connectors.base import UnreadableDelivery
from connectors.email.charset import decode

#: How many lines are read: the library's time is in lines, and what is shown stands at the beginning.
LINES = 100_000
#: How many parts a mail may have, and how deep they may stand inside one another.
PARTS = 1000
DEPTH = 50

# Reading a header takes time quadratic in its length; what we need stands at the beginning.
_HEADER_CHARACTERS = 4000
_LINE_END = re.compile(rb"\r\n?|\n")


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
        return BytesParser(_Part, policy=_POLICY).parsebytes(_beginning(raw))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # Such as a NUL in the charset of a boundary.
        raise UnreadableDelivery(f"the mail cannot be read: {type(error).__name__}") from error


def _beginning(raw: bytes) -> bytes:
    last = next(islice(_LINE_END.finditer(raw), LINES - 1, None), None)
    return raw[: last.end()] if last else raw


def inline_parts(mail: Message) -> Iterator[Message]:
    """Walk through what a mail program would show: neither attachments nor mails inside the mail."""
    if mail.get_content_disposition() == "attachment":
        return
    if not mail.is_multipart():
        yield mail
    elif mail.get_content_maintype() == "multipart":
        parts: Any = mail.get_payload()
        for part in parts:
            yield from inline_parts(part)


def content(part: Message) -> str:
    """Return the text of a part; what is broken in it is left out or replaced."""
    try:
        data = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except (ValueError, TypeError, LookupError):  # such as a NUL in the name of the charset
        return ""
    return decode(data, charset) if isinstance(data, bytes) else ""
