"""Postmark's inbound webhook: JSON, with the raw mail in `RawEmail` where the stream includes it.

Postmark developer docs, "Inbound webhook".
"""

from connectors.base import Delivery, UnreadableDelivery
from connectors.inbound.composing import Piece, compose, with_missing
from connectors.inbound.document import Object, decoded, objects, read_object, text
from connectors.inbound.posted import Posted


def unwrap(delivery: Delivery) -> tuple[Posted, ...]:
    """See `posted.Unwrap`."""
    mail = read_object(delivery.body)
    raw = text(mail, "RawEmail")
    if not raw and "Headers" not in mail:
        raise UnreadableDelivery(
            "the document has neither RawEmail nor Headers: no inbound mail of Postmark's"
        )
    recipient = text(mail, "OriginalRecipient")
    content = raw.encode("utf-8", "replace") if raw else _composed(mail)
    return (Posted(content, None, (recipient,) if recipient else ()),)


def _composed(mail: Object) -> bytes:
    headers = [(text(each, "Name"), text(each, "Value")) for each in objects(mail, "Headers")]
    headers = with_missing(
        headers,
        ("From", text(mail, "From")),
        ("To", text(mail, "To")),
        ("Cc", text(mail, "Cc")),
        ("Reply-To", text(mail, "ReplyTo")),
        ("Subject", text(mail, "Subject")),
        ("Date", text(mail, "Date")),
    )
    pieces = [
        Piece(
            text(each, "Name"),
            text(each, "ContentType"),
            decoded(text(each, "Content"), "an attachment"),
            text(each, "ContentID").strip("<>"),
        )
        for each in objects(mail, "Attachments")
    ]
    return compose(headers, text=text(mail, "TextBody"), html=text(mail, "HtmlBody"), pieces=pieces)
