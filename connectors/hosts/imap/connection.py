"""The connection: what a poller asks of an IMAP server, by UID only. Every call blocks."""

import contextlib
import select
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from imapclient import IMAPClient, SocketTimeout

from connectors.hosts.imap.login import Login
from worker.mail_settings import MailboxSettings
from worker.mailboxes import Filing

#: UIDs that are moved or marked by one command: some servers cap a command's length.
_AT_ONCE: Final = 200
_SEEN: Final = "\\Seen"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the server says of a mail without its content."""

    #: In bytes.
    size: int
    #: When it reached the mailbox, aware (RFC 9051, section 2.3.3); None where nobody can read that.
    at: datetime | None


class Connection:
    """One connection. Belongs to one thread at a time; `cut` may be called from any."""

    def __init__(self, client: IMAPClient, settings: MailboxSettings) -> None:
        self._client = client
        # Else its times are those of this machine's zone and say not which: an hour is there twice a year.
        self._client.normalise_times = False
        self._settings = settings
        self._folders = {
            Filing.DONE: settings.done_folder,
            Filing.FAILED: settings.failed_folder,
            Filing.IGNORED: settings.ignored_folder,
        }
        self._keeps_mark = False

    @classmethod
    def open(cls, settings: MailboxSettings, login: Login, context: ssl.SSLContext) -> Self:
        """Connect, encrypt, make ourselves known, and make the folders that are missing."""
        host, port = settings.server
        timeout = SocketTimeout(settings.timeout_s, settings.timeout_s)
        implicit = settings.tls == "implicit"
        client = IMAPClient(
            host, port, ssl=implicit, ssl_context=context if implicit else None, timeout=timeout
        )
        try:
            if settings.tls == "starttls":
                client.starttls(context)
            login(client)
            opened = cls(client, settings)
            opened.make_folders()
        except BaseException:
            with contextlib.suppress(OSError):  # a failed handshake has closed it already
                client.shutdown()
            raise
        return opened

    def make_folders(self) -> None:
        """Make the folders that mail is moved to, where they are missing."""
        for name in sorted(set(filter(None, self._folders.values()))):
            if not self._client.folder_exists(name):
                self._client.create_folder(name)
                self._client.subscribe_folder(name)

    def select(self, folder: str = "", *, readonly: bool = False) -> int:
        """Choose a folder, the one that is read where none is named, and return its UIDVALIDITY."""
        answer = self._client.select_folder(folder or self._settings.folder, readonly=readonly)
        kept = tuple(each.lower() for each in answer.get(b"PERMANENTFLAGS", ()))
        mark = self._settings.mark.encode().lower()
        self._keeps_mark = mark in kept or (b"\\*" in kept and not mark.startswith(b"\\"))
        return int(answer[b"UIDVALIDITY"])

    def above(self, mark: int) -> list[int]:
        """Return the mails behind a UID, in order."""
        # `n:*` has the last mail even where its UID is smaller (RFC 9051, section 9, seq-range).
        return [uid for uid in self._search("UID", f"{mark + 1}:*") if uid > mark]

    def unmarked(self, mark: int) -> list[int]:
        """Return the mails up to a UID that are neither moved nor marked: left from an earlier time, or late.

        Nothing where the server keeps no marks.
        """
        criteria: list[Any] = ["UID", f"1:{mark}", "UNDELETED"]
        if not all(self._folders.values()):
            if not self._keeps_mark:
                return []
            wanted = self._settings.mark
            criteria += ["UNSEEN"] if wanted == _SEEN else ["UNKEYWORD", wanted]
        return [uid for uid in self._search(*criteria) if uid <= mark] if mark else []

    def since(self, day: datetime) -> list[int]:
        """Return the mails of the chosen folder that reached the server on that day or later."""
        return sorted(self._client.search(["SINCE", day.date()]))

    def listed(self, uids: Sequence[int]) -> dict[int, Arrival]:
        """Return the size and the time of arrival of each mail that is still there."""
        found = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return {
            uid: Arrival(int(item[b"RFC822.SIZE"]), item.get(b"INTERNALDATE"))
            for uid, item in found.items()
            if b"RFC822.SIZE" in item
        }

    def mail(self, uid: int) -> bytes | None:
        """Return a mail's exact bytes, and leave it unread; None when it is gone."""
        return self._part(uid, "BODY.PEEK[]", b"BODY[]")

    def head(self, uid: int) -> bytes | None:
        """Return a mail's headers, with the empty line behind them; None when it is gone."""
        return self._part(uid, "BODY.PEEK[HEADER]", b"BODY[HEADER]")

    def file(self, uids: Iterable[int], filing: Filing) -> None:
        """Move mails to where they belong, or mark them. Mails that are gone are no trouble."""
        every = sorted(uids)
        for begin in range(0, len(every), _AT_ONCE):
            some = every[begin : begin + _AT_ONCE]
            if folder := self._folders[filing]:
                self._move(some, folder)
            elif self._keeps_mark:
                flags = [self._settings.mark, *(["\\Flagged"] if filing is Filing.FAILED else ())]
                self._client.add_flags(some, flags, silent=True)

    @property
    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself (RFC 2177)."""
        return self._settings.idle and bool(self._client.has_capability("IDLE"))

    def begin_idle(self) -> None:
        """Let the server tell."""
        self._client.idle()

    def hears(self, seconds: float) -> bool:
        """Wait so long for the server to say something, or to hang up."""
        poll = select.poll()
        poll.register(self._client.socket().fileno(), select.POLLIN)
        return bool(poll.poll(int(seconds * 1000)))

    def end_idle(self) -> None:
        """Take up asking again."""
        self._client.idle_done()

    def leave(self) -> None:
        """Say good-bye."""
        self._client.logout()

    def cut(self) -> None:
        """Break the connection, so that whatever waits for the server ends."""
        self._client.shutdown()

    def _search(self, *criteria: str) -> list[int]:
        since = ["SINCE", self._settings.since] if self._settings.since else []
        return sorted(self._client.search([*criteria, *since]))

    def _part(self, uid: int, wanted: str, key: bytes) -> bytes | None:
        part = self._client.fetch([uid], [wanted]).get(uid, {}).get(key)
        return bytes(part) if part is not None else None

    def _move(self, uids: list[int], folder: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, folder)
            return
        self._client.copy(uids, folder)
        self._client.add_flags(uids, ["\\Deleted"], silent=True)
        # Without UIDPLUS an expunge would take along what others have marked: they stay, marked as deleted.
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
