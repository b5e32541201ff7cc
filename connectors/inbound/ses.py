"""Amazon SES: receipt rules whose SNS action carries the mail itself.

Amazon SES Developer Guide, "Contents of notifications for Amazon SES email receiving".
"""

from typing import Final

from connectors.base import Delivery, Handshake, Ignored, Reply, UnreadableDelivery
from connectors.inbound.document import Object, an_object, decoded, read_object, text, texts
from connectors.inbound.posted import Posted

_THERE: Final = Reply("text/plain", b"ok")


def unwrap(delivery: Delivery) -> tuple[Posted, ...] | Ignored | Handshake:
    """See `posted.Unwrap`. The scheme has proved the message, and where its SubscribeURL leads."""
    message = read_object(delivery.body)
    match text(message, "Type"):
        case "SubscriptionConfirmation":
            return Handshake(_THERE, "a topic asks to be subscribed to", visit=text(message, "SubscribeURL"))
        case "UnsubscribeConfirmation":
            return Ignored("the subscription to the topic ended")
        case "Notification":
            return _notified(read_object(text(message, "Message").encode("utf-8", "replace")))
        case _:
            raise UnreadableDelivery("this is no message of Amazon SNS")


def _notified(note: Object) -> tuple[Posted, ...] | Ignored:
    kind = text(note, "notificationType")
    if kind != "Received":
        return Ignored(f"a notification about mail that was sent, not received: {kind[:40]}")
    receipt, mail = an_object(note, "receipt"), an_object(note, "mail")
    action = an_object(receipt, "action")
    content = text(note, "content")
    if not content:
        raise UnreadableDelivery(
            f"the notification does not carry the mail (its action is {text(action, 'type')[:20]}); "
            "use an SNS action with the encoding Base64"
        )
    is_base64 = text(action, "encoding").upper() == "BASE64"
    raw = decoded(content, "the content") if is_base64 else content.encode("utf-8", "replace")
    sender = text(mail, "source") if "source" in mail else None
    return (Posted(raw, sender, texts(receipt, "recipients") or texts(mail, "destination")),)
