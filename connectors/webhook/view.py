"""The view: what the expressions of a channel see of a delivery.

`body` is the JSON, or a form as an object; `headers` are the headers under their lower-case names; `query` is
the URL's; `digest` is the SHA-256 of the body in hex, for senders without an id of their own. Where a
delivery holds several events, each is seen with the names that `each` gives it beside these.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from connectors.base import Delivery, UnreadableDelivery
from connectors.webhook.document import read
from connectors.webhook.expression import Expression, Fixed
from connectors.webhook.form import fields, is_form, read_form

#: The names that are always there.
NAMES: Final = ("body", "headers", "query", "digest")
#: How many events one delivery may hold.
EVENTS: Final = 500

View = dict[str, JsonValue]

# A letter is kept without them, and must mean the same when it is read again.
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})


def see(delivery: Delivery, *, digest: bool = False, without_body: bool = False) -> View:
    """Return the view of a delivery. Raises UnreadableDelivery.

    Args:
        delivery: What arrived.
        digest: Whether any expression asks for the digest.
        without_body: Whether a delivery may have no body; then it is null.
    """
    headers = _headers(delivery)
    seen: View = {
        "body": _body(delivery, headers, without_body=without_body),
        "headers": headers,
        "query": _query(delivery.url),
    }
    if digest:
        seen["digest"] = hashlib.sha256(delivery.body).hexdigest()
    return seen


def events(view: View, each: Mapping[str, Expression | Fixed]) -> list[View]:
    """Return a view for each event. Raises UnreadableDelivery where there is no list, or too long a one."""
    found = [view]
    for name, expression in each.items():
        longer = []
        for event in found:
            elements = expression.find(event)
            if not isinstance(elements, list):
                raise UnreadableDelivery(f"`each.{name}` finds no list")
            longer += [{**event, name: element} for element in elements]
            if len(longer) > EVENTS:
                raise UnreadableDelivery(f"the delivery holds more than {EVENTS} events")
        found = longer
    return found


def _query(url: str) -> JsonValue:
    # By hand, because the host in it is the sender's word and may be anything.
    return fields(url.partition("#")[0].partition("?")[2]) if "?" in url else {}


def _headers(delivery: Delivery) -> dict[str, JsonValue]:
    seen: dict[str, JsonValue] = {**delivery.headers.joined()}
    for name in _CREDENTIALS:
        seen.pop(name, None)
    return seen


def _body(delivery: Delivery, headers: Mapping[str, JsonValue], *, without_body: bool) -> JsonValue:
    if not delivery.body and (without_body or delivery.method == "GET"):
        return None
    coding = headers.get("content-encoding", "identity")
    if coding != "identity":
        raise UnreadableDelivery("the body is compressed, which a channel does not take")
    content_type = headers.get("content-type", "")
    if isinstance(content_type, str) and is_form(content_type):
        return read_form(delivery.body, content_type)
    return read(delivery.body)
