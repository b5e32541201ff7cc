"""Attachments: what a mail carries beside its text, as a list that is safe to show."""

from dataclasses import dataclass, field
from email.message import Message

from connectors.email import header
from connectors.email.characters import one_line
from connectors.email.encoded_word import decode_words
from connectors.email.structure import content_type, data, is_attached, leaves, parts_of

#: How long a name may be: what file systems take.
_NAME_CHARACTERS = 255
_SHOWN = frozenset({"text/plain", "text/html"})
# Where a mail carries a mail whose sender gave it no name.
_MAIL = "message/rfc822"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One thing that a mail carries."""

    #: As its sender named it, without folders and on one line; empty where it has no name.
    name: str = field(repr=False)
    #: Such as `application/pdf`: the sender's word.
    content_type: str
    #: In bytes, its transfer encoding undone.
    size: int
    #: Whether the mail shows it in its text, as it does with pictures in HTML.
    inline: bool
    #: Its place among the parts that `structure.leaves` walks through, counted from 0.
    place: int


def attachments(mail: Message) -> tuple[Attachment, ...]:
    """Return what a mail carries, in order: every part but those that are its text."""
    found = []
    for place, part in enumerate(leaves(mail)):
        kind, name = content_type(part), _name(part)
        if kind in _SHOWN and not is_attached(part) and not name:
            continue
        inline = not is_attached(part) and "content-id" in part
        found.append(Attachment(name, kind, _size(part), inline, place))
    return tuple(found)


def _name(part: Message) -> str:
    try:
        written = part.get_filename() or ""
    except (ValueError, TypeError, LookupError):  # such as a NUL in the name's charset
        written = ""
    name = one_line(decode_words(written)).replace("\\", "/").rpartition("/")[2].strip(". ")
    if not name and content_type(part) == _MAIL and parts_of(part):
        subject = header.text(parts_of(part)[0], "subject").replace("/", "-")
        name = f"{subject[: _NAME_CHARACTERS - 4]}.eml" if subject else ""
    return name[:_NAME_CHARACTERS]


def _size(part: Message) -> int:
    """Return how much a part holds; of a mail inside the mail, what its parts hold."""
    if not part.is_multipart():
        return len(data(part))
    return sum(map(_size, parts_of(part)))
