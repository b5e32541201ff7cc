"""Raw mail by HTTP: the body is the mail."""

from typing import Final

from connectors.base import Delivery, UnreadableDelivery
from connectors.inbound.posted import Posted

_TYPES: Final = frozenset({"message/rfc822", "message/global"})


def unwrap(delivery: Delivery) -> tuple[Posted, ...]:
    """See `posted.Unwrap`."""
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise UnreadableDelivery("the body is to be a raw mail, sent with Content-Type: message/rfc822")
    return (Posted(delivery.body),)
