"""Message: the raw bytes of a mail as a value that nothing later can stumble over."""

import hashlib
from dataclasses import dataclass, field

from connectors.email import header, structure
from connectors.email.text import readable
from connectors.email.threads import Thread, ids, thread


@dataclass(frozen=True, slots=True)
class Mail:
    """What the bridge needs of a mail. Everything is decoded and free of control characters."""

    #: Without brackets; empty where the mail has none.
    message_id: str
    thread: Thread
    subject: str = field(repr=False)
    from_address: str = field(repr=False)
    from_name: str = field(repr=False)
    to_address: str = field(repr=False)
    #: The Date header in UTC, ISO 8601; empty where it makes no sense.
    sent_at: str
    #: The beginning of its text.
    text: str = field(repr=False)


def parse(raw: bytes) -> Mail:
    """Return the mail. Raises UnreadableDelivery."""
    mail = structure.read(raw)
    message_id = next(iter(ids(header.line(mail, "message-id"))), "")
    from_name, from_address = header.mailbox(mail, "from")
    return Mail(
        message_id=message_id,
        thread=thread(
            own=message_id or f"sha256-{hashlib.sha256(raw).hexdigest()}",
            in_reply_to=header.line(mail, "in-reply-to"),
            references=header.line(mail, "references"),
        ),
        subject=header.text(mail, "subject"),
        from_address=from_address,
        from_name=from_name,
        to_address=header.mailbox(mail, "to")[1],
        sent_at=header.moment(mail, "date"),
        text=readable(mail),
    )
