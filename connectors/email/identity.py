"""Identity: when two mails are the same one. Pure.

A Message-ID says it, and two things are added because it cannot be relied upon. Some software gives all its
mail one id: so a second mail is another one if its date differs. Gateways and lists change mail on its way:
so what a person would read stands in the key as well, and a changed copy is one more command of the same
conversation instead of a conflict that somebody has to look at.
"""

import hashlib

from connectors.email.characters import words
from connectors.email.message import Mail
from connectors.idempotency import idempotency_key

_DIGITS = 16


def mark(mail: Mail) -> str:
    """Return what tells a mail from another one with the same Message-ID: its date, else its words."""
    return _digest(mail.sent_at) if mail.sent_at else _content(mail)


def key(channel: str, mail: Mail, raw: bytes, scope: str = "") -> str:
    """Return a mail's idempotency key: of its id and what it says, or of its bytes where it has no id.

    Headers of its way, such as Received, make no difference to a mail that has an id.

    Args:
        channel: The channel.
        mail: The mail.
        raw: Its bytes.
        scope: The recipient, where each one counts.
    """
    if not mail.message_id and not scope:
        return idempotency_key(channel, None, raw)
    behind = f"/{_digest(scope)}" if scope else ""
    return idempotency_key(channel, f"{mail.id}/{_digest(mark(mail), _content(mail))}{behind}", raw)


def _content(mail: Mail) -> str:
    carried = (f"{each.name}\0{each.size}" for each in mail.attachments)
    # As it is whatever became of its line ends on the way.
    return _digest(mail.subject, words(mail.text.whole), *carried)


def _digest(*pieces: str) -> str:
    data = "\0".join(pieces).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
