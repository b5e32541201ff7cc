"""Ports of mail: see `worker.ports`."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from worker.blob import ObjectName
from worker.mailboxes import Hold, Progress, Taken, Tries
from worker.notes import Note

#: Makes room for so many bytes; raises where there is none.
Take = Callable[[int], None]


class Threads(Protocol):
    """What a channel knows of its messages beyond their conversations' lanes."""

    async def bind(
        self,
        service: str,
        channel: str,
        names: Sequence[str],
        *,
        mark: str,
        default: str,
        window: timedelta,
        now: datetime,
    ) -> str:
        """Say which conversation a message belongs to, and remember its names for a window.

        The first name is the message's own; the others are those of what it answers, nearest first, and no
        name stands twice. The first one that is known decides, else the conversation is `default`. All are
        bound to it, but for those that are bound already. A name of its own that another message bears, one
        with another `mark` (hex digits), is left to that message. The same message again is answered alike.
        """

    async def recur(
        self, service: str, channel: str, name: str, member: str, *, window: timedelta, now: datetime
    ) -> int:
        """Return how many members came under a name within the window that ends at `now`, this one included.

        A member that comes again is counted where it stood the first time. Members may come in any order of
        time, as mail does that waited somewhere: each is counted among those that were there before it.
        """

    async def note(self, note: Note) -> None:
        """Remember a delivery that was let go; the same id again changes nothing, the oldest make room."""

    async def notes(self, service: str, channel: str, *, limit: int) -> tuple[Note, ...]:
        """Return what a channel let go, newest first."""

    async def forget_notes(self, service: str, channel: str, *, before: datetime) -> int:
        """Forget what a channel let go before a time; return how many notes that were."""


class Mailboxes(Protocol):
    """The folders that are read: how far, by whom, and which mails were taken.

    A verb with a hold answers None or False, and changes nothing, once somebody else has taken the mailbox.
    """

    async def take_mailbox(self, channel: str, *, token: str, lease: timedelta, now: datetime) -> Hold | None:
        """Become the one who reads a mailbox; None while another one does. The same token may ask again."""

    async def renew_mailbox(self, hold: Hold, *, lease: timedelta, now: datetime) -> bool:
        """Stay the one who reads it."""

    async def release_mailbox(self, hold: Hold, *, now: datetime) -> None:
        """Let somebody else read it at once."""

    async def renumber_mailbox(self, hold: Hold, validity: int) -> bool:
        """Begin from the first mail if the server's UIDVALIDITY is another one than before."""

    async def try_mail(self, hold: Hold, uid: int, *, token: str, now: datetime) -> Tries | None:
        """Note that a mail is begun, and say how often it was: each token once, until it is done."""

    async def advance_mailbox(
        self,
        hold: Hold,
        uid: int,
        taken: Taken | None,
        *,
        lease: timedelta,
        memory: timedelta,
        now: datetime,
    ) -> bool:
        """Move the mark to a UID, never back, and remember its mail; None for one that was gone. Renews."""

    async def mails_filed(self, hold: Hold, uids: Sequence[int]) -> bool:
        """Note that mails were moved or marked on the server."""

    async def mailbox_progress(self, channel: str) -> Progress:
        """Return how far a folder has been read."""

    async def mails_taken(self, channel: str, digests: Sequence[str]) -> tuple[Taken | None, ...]:
        """Return what is remembered of the mails with these digests, in order."""

    async def mails_taken_since(self, channel: str, since: datetime) -> tuple[Taken, ...]:
        """Return the mails that were seen to since then, the oldest first."""


class Originals(Protocol):
    """Mails that providers left in buckets, and of which only a notification came."""

    async def fetch(self, channel: str, name: ObjectName, *, take: Take) -> bytes:
        """Return a mail that lies in one of the channel's buckets.

        `take` is told the size before anything is read; what it raises stops the reading.

        Raises:
            OriginalMissing: It is nowhere, or where the channel does not read, or not fit to be read.
            BlobsUnavailable: It may be had another time.
        """
