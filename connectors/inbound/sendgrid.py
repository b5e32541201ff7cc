"""SendGrid's Inbound Parse: with "POST the raw, full MIME message" the mail itself, else its pieces.

Twilio SendGrid docs, "Inbound Email Parse Webhook".
"""

from connectors.base import Delivery, UnreadableDelivery
from connectors.email.charset import decode
from connectors.fields import Fields, read_fields
from connectors.inbound.composing import Pair, Piece, compose
from connectors.inbound.document import an_object, text, texts, within
from connectors.inbound.posted import Posted


def unwrap(delivery: Delivery) -> tuple[Posted, ...]:
    """See `posted.Unwrap`."""
    fields = read_fields(delivery.body, delivery.headers.get("content-type", ""))
    raw = fields.first("email")
    envelope = within(fields.text("envelope"))
    sender = text(envelope, "from") if "from" in envelope else None
    content = raw.content if raw else _composed(fields)
    return (Posted(content, sender, texts(envelope, "to")),)


def _composed(fields: Fields) -> bytes:
    head = fields.first("headers")
    if head is None:
        raise UnreadableDelivery("the form has neither email nor headers: no mail of SendGrid's")
    info = within(fields.text("attachment-info"))
    pieces = [
        Piece(
            each.file_name,
            each.content_type or text(an_object(info, each.name), "type"),
            each.content,
            text(an_object(info, each.name), "content-id").strip("<>"),
        )
        for each in fields
        if each.file_name is not None
    ]
    return compose(_headers(head.text), text=_text(fields, "text"), html=_text(fields, "html"), pieces=pieces)


def _text(fields: Fields, name: str) -> str:
    """Return a text field; each is in a charset of its own, which another field tells."""
    found = fields.first(name)
    return decode(found.content, text(within(fields.text("charsets")), name)) if found else ""


def _headers(written: str) -> list[Pair]:
    found: list[Pair] = []
    for line in written.splitlines():
        name, colon, value = line.partition(":")
        if line[:1] in {" ", "\t"} and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif colon:
            found.append((name, value.strip()))
    return found
