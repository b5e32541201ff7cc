"""Mailgun's routes: a mail forwarded raw, or taken apart.

Mailgun documentation, "Receive via HTTP": an address that ends with `mime` gets the raw mail in `body-mime`.
"""

import orjson

from connectors.base import Delivery, UnreadableDelivery
from connectors.fields import Fields, read_fields
from connectors.inbound.composing import Pair, Piece, compose
from connectors.inbound.document import within
from connectors.inbound.posted import Posted


def unwrap(delivery: Delivery) -> tuple[Posted, ...]:
    """See `posted.Unwrap`."""
    fields = read_fields(delivery.body, delivery.headers.get("content-type", ""))
    raw = fields.first("body-mime")
    recipients = tuple(each.strip() for each in fields.text("recipient").split(",") if each.strip())
    content = raw.content if raw else _composed(fields)
    sender = fields.first("sender")
    return (Posted(content, sender.text if sender else None, recipients),)


def _composed(fields: Fields) -> bytes:
    if fields.text("attachments") not in {"", "[]"}:
        raise UnreadableDelivery(
            "the route's store() action leaves the attachments with Mailgun; let the route forward() instead"
        )
    names = {number: cid.strip("<>") for cid, number in within(fields.text("content-id-map")).items()}
    pieces = [
        Piece(each.file_name, each.content_type, each.content, names.get(each.name, ""))
        for each in fields
        if each.file_name is not None
    ]
    return compose(
        _headers(fields.text("message-headers")),
        text=fields.text("body-plain"),
        html=fields.text("body-html"),
        pieces=pieces,
    )


def _headers(written: str) -> list[Pair]:
    try:
        pairs = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise UnreadableDelivery(
            "the form has neither body-mime nor message-headers: no mail of Mailgun's"
        ) from error
    return (
        [
            (pair[0], pair[1])
            for pair in pairs
            if isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)  # noqa: PLR2004 - a pair
        ]
        if isinstance(pairs, list)
        else []
    )
