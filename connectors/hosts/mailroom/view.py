"""The view: what of a message stands on its page."""

import base64
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from connectors.base import UnreadableDelivery
from connectors.email import header
from connectors.email.attachments import attachments
from connectors.email.protection import protection
from connectors.email.structure import content, data, is_attached, leaves, parts_of, read
from connectors.hosts.mailroom.html import Cleaned, clean
from connectors.hosts.mailroom.names import content_type, file_name

#: Pictures that a page may hold, and how many bytes of them together.
PICTURES: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
PICTURE_BYTES: Final = 8 * 1024 * 1024

_HEADERS: Final = ("From", "Reply-To", "To", "Cc", "Date")
_TEXT_CHARACTERS: Final = 500_000
_HEADER_LINES: Final = 200
_PLAIN, _HTML = "text/plain", "text/html"
_TNEF: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_ENCRYPTED = (
    "This message is encrypted: only a mail program with its key can read it. Download the whole message."
)
_SIGNED = "This message is signed. The signature was not checked here."
_WINMAIL = (
    "Outlook packed what belongs to this message into winmail.dat; download it and open it with Outlook."
)
_BROKEN = "This message cannot be taken apart. Download the whole message to look at it."
_NO_HTML = (
    "The formatted text is too large or too deep to be shown; below it is as plain text, if there is any."
)


@dataclass(frozen=True, slots=True)
class Attached:
    """Something to download."""

    #: What its address ends with, counted from 1.
    number: int
    name: str = field(repr=False)
    content_type: str
    size: int
    #: Whether it belongs to the text, as its pictures do.
    inline: bool


@dataclass(frozen=True, slots=True)
class View:
    """What stands on the page of a message. All of it is a stranger's text, to be escaped."""

    subject: str = field(repr=False)
    #: The headers that matter, by name.
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    #: Every header.
    all_headers: tuple[tuple[str, str], ...] = field(repr=False)
    #: What has to be known about it.
    remarks: tuple[str, ...]
    text: str = field(repr=False)
    html: Cleaned | None = field(repr=False)
    attached: tuple[Attached, ...]


def view(raw: bytes) -> View:
    """Return what is shown of a message, whatever is in it."""
    try:
        mail = read(raw)
        return _view(mail)
    except (UnreadableDelivery, RecursionError):
        return View("", (), (), (_BROKEN,), "", None, ())


def download(raw: bytes, number: int) -> tuple[Attached, bytes] | None:
    """Return an attachment with what it holds, None when there is none of this number."""
    try:
        mail = read(raw)
        for found, part in _attached(mail):
            if found.number == number:
                return found, _content(part)
    except (UnreadableDelivery, RecursionError):
        return None
    return None


def _view(mail: Message) -> View:
    texts, pages = _texts(mail)
    text = _fit("\n\n".join(texts))
    attached = tuple(found for found, _ in _attached(mail))
    html = clean("<hr>".join(pages), _pictures(mail)) if pages else None
    remarks = {
        "encrypted": [_ENCRYPTED],
        "signed": [_SIGNED],
    }.get(protection(mail, text), [])
    if any(part.get_content_type() in _TNEF for part in leaves(mail)):
        remarks.append(_WINMAIL)
    if pages and html is None:
        remarks.append(_NO_HTML)
    return View(
        subject=header.text(mail, "subject"),
        headers=tuple((name, shown) for name in _HEADERS if (shown := header.text(mail, name))),
        all_headers=tuple(
            (name, header.line(mail, name)) for name in list(dict.fromkeys(mail.keys()))[:_HEADER_LINES]
        ),
        remarks=tuple(remarks),
        text=text,
        html=html,
        attached=attached,
    )


def _texts(mail: Message) -> tuple[list[str], list[str]]:
    """Return the plain texts and the pages that a mail program would show."""
    texts: list[str] = []
    pages: list[str] = []
    for part in leaves(mail):
        kind = part.get_content_type()
        if kind in {_PLAIN, _HTML} and not is_attached(part) and not part.is_multipart():
            (texts if kind == _PLAIN else pages).append(content(part))
    return texts, pages


def _attached(mail: Message) -> list[tuple[Attached, Message]]:
    parts = list(leaves(mail))
    found = []
    for number, each in enumerate(attachments(mail), 1):
        name = file_name(each.name, number=number, kind=each.content_type)
        shown = Attached(number, name, content_type(each.content_type), each.size, each.inline)
        found.append((shown, parts[each.place]))
    return found


def _content(part: Message) -> bytes:
    if not part.is_multipart():
        return data(part)
    try:
        return b"".join(inside.as_bytes() for inside in parts_of(part))
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
    ):  # what a stranger's headers make of it
        return b"".join(data(inside) for inside in parts_of(part))


def _pictures(mail: Message) -> Mapping[str, str]:
    """Return the pictures that the mail brings for its own text, as far as there is room for them."""
    found: dict[str, str] = {}
    room = PICTURE_BYTES
    for part in leaves(mail):
        name = header.line(part, "content-id").strip("<> ")
        kind = part.get_content_type()
        if not name or kind not in PICTURES:
            continue
        picture = data(part)
        if len(picture) <= room:
            room -= len(picture)
            found[name] = f"data:{kind};base64,{base64.b64encode(picture).decode()}"
    return found


def _fit(text: str) -> str:
    """Return a text without what no page can show, its lines and spaces kept."""
    lines = text[:_TEXT_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each for each in lines if each in "\n\t" or unicodedata.category(each) not in {"Cc", "Cs"}
    ).strip("\n")
