"""Amazon SES: receipt rules whose SNS action carries the mail, or whose S3 action puts it into a bucket.

Amazon SES Developer Guide, "Contents of notifications for Amazon SES email receiving".
"""

from typing import Final

from connectors.base import Delivery, Handshake, Ignored, OriginalNeeded, Reply, UnreadableDelivery
from connectors.inbound.document import Object, an_object, decoded, read_object, text, texts
from connectors.inbound.posted import Posted
from worker.blob import ObjectName

#: The longest key in S3, in bytes; nobody is sent an error that is longer.
_LONGEST: Final = 1024
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
            return _notified(_note(message), delivery.original)
        case _:
            raise UnreadableDelivery("this is no message of Amazon SNS")


def _note(message: Object) -> Object:
    return read_object(text(message, "Message").encode("utf-8", "replace"))


def _notified(note: Object, original: bytes | None) -> tuple[Posted, ...] | Ignored:
    kind = text(note, "notificationType")
    if kind != "Received":
        return Ignored(f"a notification about mail that was sent, not received: {kind[:40]}")
    receipt, mail = an_object(note, "receipt"), an_object(note, "mail")
    raw = _raw(an_object(receipt, "action"), text(note, "content"), original)
    sender = text(mail, "source") if "source" in mail else None
    return (Posted(raw, sender, texts(receipt, "recipients") or texts(mail, "destination")),)


def _raw(action: Object, content: str, original: bytes | None) -> bytes:
    """Return the mail: what stands in the notification, else what lies where it points to."""
    kind = text(action, "type")
    if content:
        is_base64 = text(action, "encoding").upper() == "BASE64"
        return decoded(content, "the content") if is_base64 else content.encode("utf-8", "replace")
    if kind != "S3":
        raise UnreadableDelivery(
            f"the notification does not carry the mail (its action is {kind[:20]}); "
            "use an S3 action, or an SNS action with the encoding Base64"
        )
    if original is None:
        raise OriginalNeeded(
            ObjectName(text(action, "bucketName")[:_LONGEST], text(action, "objectKey")[:_LONGEST])
        )
    return original
