"""Mail headers: their values as text. What makes no sense is empty; nothing here raises."""

import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from connectors.email.characters import one_line
from connectors.email.encoded_word import decode_words
from connectors.plain_address import PLAIN_ADDRESS

# What the standard library has been seen to raise for headers of strangers.
_FAULTS = (ValueError, TypeError, LookupError, OverflowError, RecursionError)
# Most mailboxes are as plain as this; the library reads them character by character.
_PLAIN_MAILBOX = re.compile(
    rf"(?:(?P<name>[a-z0-9_+-]+(?: [a-z0-9_+-]+)*) )?<(?P<address>{PLAIN_ADDRESS})>",
    re.ASCII | re.IGNORECASE,
)
_PLAIN_ADDRESS = re.compile(PLAIN_ADDRESS, re.ASCII | re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def line(mail: Message, name: str) -> str:
    """Return a header on one line, not decoded."""
    return one_line(mail.get(name, ""))


def lines(mail: Message, name: str) -> list[str]:
    """Return every header of a name, each on one line and not decoded."""
    return [one_line(each) for each in mail.get_all(name, [])]


def text(mail: Message, name: str) -> str:
    """Return a header on one line, decoded."""
    return one_line(decode_words(line(mail, name)))


def mailbox(mail: Message, name: str) -> tuple[str, str]:
    """Return the display name and the address of the first mailbox in a header."""
    written = line(mail, name)
    if _PLAIN_ADDRESS.fullmatch(written):
        return "", written
    if plain := _PLAIN_MAILBOX.fullmatch(written):
        return plain["name"] or "", plain["address"]
    return _any_mailbox(written)


def _any_mailbox(written: str) -> tuple[str, str]:
    try:
        found = [pair for pair in getaddresses([written]) if pair[1]]
    except _FAULTS:
        return "", ""
    if not found:
        return "", ""
    # Names are decoded after the split: an encoded name may hold a comma.
    display, address = found[0]
    return one_line(decode_words(display)), address


def moment(mail: Message, name: str) -> str:
    """Return a date in UTC as ISO 8601."""
    try:
        read = parsedate_to_datetime(line(mail, name))
        aware = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except _FAULTS:
        return ""
    return aware.strftime("%Y-%m-%dT%H:%M:%SZ") if aware >= _EPOCH else ""
