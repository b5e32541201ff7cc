"""Threads: the names that lead to a mail's conversation, told from its headers and recipients. Pure.

A name says what it is before its colon, so that no id is taken for a token. Which conversation a name
belongs to, only the store knows.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from connectors.email.options import EmailOptions

#: Of the References the newest and the oldest are looked at, so many of each: the middle leads nowhere else.
NEWEST, OLDEST = 10, 5
#: Names of one mail at most, its own among them.
NAMES = 24

_BRACKETED = re.compile(r"<([^<>]+)>")
_SPACE = re.compile(r"\s+")
# What mail programs put in front of a subject they answer or pass on, in some languages; also `[list]`.
_PREFIX = re.compile(
    r"^\s*((re|aw|antw|sv|vs|ref|rif|odp|ynt|res|r|fw|fwd|wg|tr|rv|enc|i)(\[\d+\])?\s*[:\uff1a]|\[[^\]]{1,40}\])\s*",
    re.IGNORECASE,
)
# Outlook's Thread-Index: 22 bytes for the mail that began it, 5 for each answer (MS-OXOMSG, 2.2.1.3).
_INDEX_ROOT_BYTES = 22


def ids(header: str) -> tuple[str, ...]:
    """Return the message ids in a header, without brackets; words where it has no brackets."""
    # Long ids are folded over lines, which leaves white space inside their brackets.
    bracketed = _BRACKETED.findall(_SPACE.sub("", header))
    return tuple(bracketed or header.replace("<", " ").replace(">", " ").split())


def nearest(in_reply_to: Iterable[str], references: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of what a mail answers, nearest first, bounded in number.

    Args:
        in_reply_to: The ids of the header of that name.
        references: The ids of the whole thread, oldest first.
    """
    newest_first = tuple(references)[::-1]
    some = newest_first
    if len(newest_first) > NEWEST + OLDEST:
        some = newest_first[:NEWEST] + newest_first[-OLDEST:]
    return tuple(dict.fromkeys((*tuple(in_reply_to)[:NEWEST], *some)))


def index_root(header: str) -> str:
    """Return what all mails of an Outlook conversation have in common; empty where that makes no sense."""
    try:
        data = base64.b64decode(_SPACE.sub("", header), validate=True)
    except (binascii.Error, ValueError):
        return ""
    root = data[:_INDEX_ROOT_BYTES]
    return root.hex() if len(root) == _INDEX_ROOT_BYTES else ""


def plain_subject(subject: str) -> str:
    """Return a subject without what mail programs and lists put in front of it, folded."""
    shorter = subject
    while found := _PREFIX.match(shorter):
        shorter = shorter[found.end() :]
    return " ".join(shorter.casefold().split())


def tokens(options: EmailOptions, subject: str, recipients: Iterable[str]) -> Iterator[str]:
    """Yield the names that our own answers planted: in the recipient after a plus, or in the subject."""
    if options.thread.plus_token:
        for recipient in recipients:
            _, token = options.split_plus(recipient)
            if token:
                yield f"token:{token.casefold()}"
    if options.thread.subject_token:
        found = re.search(options.thread.subject_token, subject)
        if found and found[1]:
            yield f"token:{found[1].casefold()}"
