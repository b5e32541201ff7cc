"""Brevo's inbound parsing: JSON with a list of mails; their attachments stay with Brevo.

Brevo developer docs, "Inbound parsing webhooks". There is no raw mail to be had, and an attachment only by
its token with an API key: what it was called stands in the mail.
"""

from connectors.base import Delivery, UnreadableDelivery
from connectors.inbound.composing import Piece, compose, with_missing
from connectors.inbound.document import Object, grouped_headers, objects, read_object, text, texts
from connectors.inbound.posted import Posted


def unwrap(delivery: Delivery) -> tuple[Posted, ...]:
    """See `posted.Unwrap`."""
    items = objects(read_object(delivery.body), "items")
    if not items:
        raise UnreadableDelivery("the document has no items: no inbound mail of Brevo's")
    return tuple(map(_posted, items))


def _posted(mail: Object) -> Posted:
    headers = with_missing(
        grouped_headers(mail, "Headers"),
        ("Message-ID", text(mail, "MessageId")),
        ("In-Reply-To", text(mail, "InReplyTo")),
        ("Subject", text(mail, "Subject")),
        ("Date", text(mail, "SentAtDate")),
    )
    pieces = [
        Piece(text(each, "Name"), text(each, "ContentType"), None) for each in objects(mail, "Attachments")
    ]
    content = compose(headers, text=text(mail, "RawTextBody"), html=text(mail, "RawHtmlBody"), pieces=pieces)
    return Posted(content, None, texts(mail, "Recipients"))
