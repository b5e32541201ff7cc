"""Report: which mail a bounce, a delivery report or a read receipt is about, and what became of that mail."""

from dataclasses import dataclass
from email.message import Message

from connectors.email import header
from connectors.email.structure import content, leaves, parts_of, read_head
from connectors.email.threads import ids

_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
_FIELDS = frozenset(
    {"message/delivery-status", "message/disposition-notification", "message/feedback-report"}
)
#: What is no failure (RFC 3464, section 2.3.3).
_NO_FAILURE = frozenset({"delayed", "delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says."""

    #: The ids that lead to the thread of the mail it is about, that mail's own first.
    about: tuple[str, ...]
    #: Whether it says of no recipient that delivery failed.
    harmless: bool


def read_report(mail: Message) -> Report:
    """Return what a report says; nothing where it says nothing that can be read."""
    about: list[str] = []
    actions: set[str] = set()
    for part in leaves(mail):
        kind = part.get_content_type()
        if kind in _RETURNED:
            returned = _returned(part)
            about += [each for name in _ID_HEADERS for each in ids(header.line(returned, name))]
        elif kind in _FIELDS:
            for fields in parts_of(part):
                actions.update(each.lower() for each in header.line(fields, "action").split()[:1])
                about = [*ids(header.line(fields, "original-message-id")), *about]
    return Report(tuple(dict.fromkeys(about)), harmless=bool(actions) and actions <= _NO_FAILURE)


_ID_HEADERS = ("message-id", "in-reply-to", "references")


def _returned(part: Message) -> Message:
    """Return the headers of the mail that comes back: a mail inside the mail, or a text of headers."""
    inside = parts_of(part)
    return inside[0] if inside else read_head(content(part).encode("utf-8", "replace"))
