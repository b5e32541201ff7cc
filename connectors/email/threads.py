"""Threads: which conversation a mail belongs to, told from the ids in its headers. Pure."""

import re
from dataclasses import dataclass

_BRACKETED = re.compile(r"<([^<>]+)>")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a mail stands."""

    #: The id of the mail that began the conversation.
    root: str
    #: Whether this mail answers another one.
    is_reply: bool


def ids(header: str) -> tuple[str, ...]:
    """Return the message ids in a header, without brackets; words where it has no brackets."""
    # Long ids are folded over lines, which leaves white space inside their brackets.
    bracketed = _BRACKETED.findall(_SPACE.sub("", header))
    return tuple(bracketed or header.replace("<", " ").replace(">", " ").split())


def thread(*, own: str, in_reply_to: str, references: str) -> Thread:
    """Return where a mail stands.

    Args:
        own: The mail's own id.
        in_reply_to: The header of that name.
        references: The header of that name: the ids of the whole thread, oldest first.
    """
    earlier = ids(references) or ids(in_reply_to)
    return Thread(earlier[0], is_reply=True) if earlier else Thread(own, is_reply=False)
