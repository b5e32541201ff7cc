"""Mailboxes: what is known of a folder that is read, and who reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Filing(StrEnum):
    """Where a mail belongs once the bridge has seen to it."""

    DONE = "done"  #: the store holds what it asks for
    FAILED = "failed"  #: it became a dead letter, or was refused
    IGNORED = "ignored"  #: understood, and of no concern


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to read a mailbox until its lease ends, proved by its fence."""

    channel: str
    token: str
    fence: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a folder has been read."""

    #: The server's UIDVALIDITY for which the rest holds (RFC 9051, section 2.3.1.1); 0 before the first look.
    validity: int = 0
    #: Every mail up to this UID has been seen to.
    mark: int = 0
    #: Mails seen to that were not yet moved or marked on the server: UID → where they belong.
    unfiled: Mapping[int, Filing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """One mail that the bridge has seen to."""

    #: 32 hex digits over its exact bytes.
    digest: str
    uid: int
    filing: Filing
    #: What became of it, in reception's word.
    answered: str
    at: datetime
    #: The conversation it belongs to, empty for none.
    external_id: str = ""
    #: The dead letter it became, empty for none.
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Tries:
    """How often the next mail was begun without being finished."""

    count: int
    since: datetime
