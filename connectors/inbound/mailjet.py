"""Mailjet's Parse API: JSON; every header, the texts, and attachments in fields of their own.

Mailjet developer guides, "Parse API: inbound emails". There is no raw mail to be had.
"""

from email.message import Message
from typing import Final

from connectors.base import Delivery, UnreadableDelivery
from connectors.inbound.composing import Piece, compose, with_missing
from connectors.inbound.document import Object, decoded, grouped_headers, objects, read_object, text
from connectors.inbound.posted import Posted

#: What the names of fields with attachments contain: Attachment1, InlineAttachment1.
_CONTENT: Final = "Attachment"


def unwrap(delivery: Delivery) -> tuple[Posted, ...]:
    """See `posted.Unwrap`."""
    mail = read_object(delivery.body)
    if "Headers" not in mail:
        raise UnreadableDelivery("the document has no Headers: no inbound mail of Mailjet's")
    headers = with_missing(
        grouped_headers(mail, "Headers"),
        ("From", text(mail, "From")),
        ("Subject", text(mail, "Subject")),
        ("Date", text(mail, "Date")),
    )
    pieces = [
        _piece(mail, part)
        for part in objects(mail, "Parts")
        if _CONTENT in text(part, "ContentRef") and text(part, "ContentRef") in mail
    ]
    content = compose(headers, text=text(mail, "Text-part"), html=text(mail, "Html-part"), pieces=pieces)
    recipient = text(mail, "Recipient")
    sender = text(mail, "Sender") if "Sender" in mail else None
    return (Posted(content, sender, (recipient,) if recipient else ()),)


def _piece(mail: Object, part: Object) -> Piece:
    described = Message()
    for name, value in grouped_headers(part, "Headers"):
        described[name] = value
    try:
        name = described.get_filename() or ""
    except (ValueError, TypeError, LookupError):  # what a stranger wrote there
        name = ""
    content = decoded(text(mail, text(part, "ContentRef")), "an attachment")
    identity = str(described.get("Content-ID", "")).strip("<> ")
    return Piece(name, described.get_content_type(), content, identity)
