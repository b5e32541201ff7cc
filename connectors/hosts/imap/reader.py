"""The reader: one pass over a folder. It takes what is new in UID order, and never leaves a mail half done.

The order is the promise: the store accepts, then the mark moves, then the mail is moved or marked on the
server. Wherever a reader dies, the next one repeats the step, and every step may be repeated: the door knows
a mail by its idempotency key, the mailbox by its digest, and what was moved is no longer there to move.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from connectors.base import Answer, Answered, Connector, Delivery, Envelope
from connectors.headers import Headers
from connectors.hosts.imap.connection import Arrival, Connection
from connectors.hosts.imap.errors import ComeAgain, HoldLost, MailboxRefused
from connectors.hosts.imap.line import Line
from connectors.reception import receive
from worker.letters import Unreadable
from worker.mail_ports import Mailboxes
from worker.mail_settings import MailboxSettings
from worker.mailboxes import Filing, Hold, Taken, Tries
from worker.ports import Clock, Door, Ids

_log: Any = structlog.get_logger()

#: What reception's answers mean for a mail. A mail that the store did not accept has no place yet.
FILINGS: Mapping[Answered, Filing] = {
    Answered.ACCEPTED: Filing.DONE,
    Answered.DUPLICATE: Filing.DONE,
    Answered.IGNORED: Filing.IGNORED,
    Answered.GREETED: Filing.IGNORED,
    Answered.REFUSED: Filing.FAILED,
    Answered.UNREADABLE: Filing.FAILED,
    Answered.CONFLICT: Filing.FAILED,
}
#: Tries of one mail, and a time besides, before it is set aside for the sake of those behind it.
_TRIES: Final = 3
_RETURN_PATH = re.compile(rb"^return-path:[ \t]*<([^<>\r\n]*)>", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A channel's mailbox."""

    connector: Connector
    settings: MailboxSettings
    #: Whose mail it is.
    address: str

    @property
    def channel(self) -> str:
        """The channel it feeds."""
        return self.connector.channel


@dataclass(frozen=True, slots=True)
class Office:
    """Where a reader carries its mails, and by what it counts time."""

    door: Door
    register: Mailboxes
    clock: Clock
    ids: Ids


class Reader:
    """Reads one mailbox for one holder."""

    def __init__(
        self, mailbox: Mailbox, office: Office, line: Line, connection: Connection, hold: Hold
    ) -> None:
        self._mailbox = mailbox
        self._office = office
        self._line = line
        self._connection = connection
        self._hold = hold
        self._lease = timedelta(seconds=mailbox.settings.lease_s)
        self._memory = timedelta(days=mailbox.settings.remember_days)
        #: Mails below the mark that were looked at: where the server keeps no marks, once is enough.
        self._looked: set[int] = set()

    async def read(self, is_over: Callable[[], bool]) -> int:
        """See to everything that is there, and return how many mails that were.

        Ends early, after a whole mail, when it `is_over`. Raises MailboxError or StoreUnavailable.
        """
        mark = await self._begin()
        seen_to = 0
        below = await self._line.ask(self._connection.unmarked, mark)
        late = [uid for uid in below if uid not in self._looked]
        self._looked.update(late)
        above = await self._line.ask(self._connection.above, mark)
        for some in _batches([*late, *above], self._mailbox.settings.batch):
            listed = await self._line.ask(self._connection.listed, some)
            for uid in some:
                if is_over():
                    return seen_to
                await self._see_to(uid, listed.get(uid))
                seen_to += 1
            await self._file()
        return seen_to

    async def _begin(self) -> int:
        """Choose the folder, finish what an earlier reader left, and return the mark."""
        register, channel = self._office.register, self._mailbox.channel
        validity = await self._line.ask(self._connection.select)
        before = (await register.mailbox_progress(channel)).validity
        if before != validity:
            self._ours(await register.renumber_mailbox(self._hold, validity))
            self._looked.clear()
            if before:
                _log.warning("mailbox_renumbered", channel=channel, before=before, now=validity)
        await self._file()
        return (await register.mailbox_progress(channel)).mark

    async def _see_to(self, uid: int, arrival: Arrival | None) -> None:
        tries = await self._try(uid)
        limit = self._mailbox.settings.max_message_bytes
        too_large = arrival is not None and arrival.size > limit
        fetch = self._connection.head if too_large else self._connection.mail
        raw = await self._line.ask(fetch, uid) if arrival is not None else None
        taken = None
        if arrival is not None and raw is not None:
            digest = digest_of(raw)
            known = (await self._office.register.mails_taken(self._mailbox.channel, [digest]))[0]
            if known:
                taken = await self._again(known, uid)
            elif too_large:
                reason = f"it has {arrival.size} bytes, and {limit} are allowed (mailbox.max_message_bytes)"
                taken = await self._set_aside(uid, raw, f"{reason}; these are its headers")
            elif self._is_poison(tries):
                reason = f"it was begun {tries.count} times since {tries.since:%Y-%m-%d %H:%M} UTC"
                taken = await self._set_aside(uid, raw, f"{reason} and never finished")
            else:
                taken = self._answered(uid, digest, await self._give(raw, arrival.at))
        await self._advance(uid, taken)

    async def _try(self, uid: int) -> Tries:
        """Note that a mail is begun, so that one which keeps failing, or ends its readers, is noticed."""
        office = self._office
        tries = await office.register.try_mail(self._hold, uid, token=office.ids(), now=office.clock())
        if tries is None:
            raise HoldLost("another poller reads the mailbox")
        return tries

    def _is_poison(self, tries: Tries) -> bool:
        patience = timedelta(seconds=self._mailbox.settings.patience_s)
        return tries.count > _TRIES and self._office.clock() - tries.since >= patience

    async def _give(self, raw: bytes, reached_at: datetime | None) -> Answer:
        mailbox, office = self._mailbox, self._office
        delivery = Delivery(
            channel=mailbox.channel,
            headers=Headers(),
            body=raw,
            arrived_at=office.clock(),
            peer=mailbox.settings.host,
            envelope=Envelope(_return_path(raw), (mailbox.address,)),
            reached_at=reached_at,
            trace_id=office.ids(),
        )
        answer = await receive(mailbox.connector, delivery, office.door, keep_conflicts=True)
        if answer.answered is Answered.UNAVAILABLE:
            raise ComeAgain("the store did not accept a mail")
        return answer

    def _answered(self, uid: int, digest: str, answer: Answer) -> Taken:
        external_id = answer.receipts[0].external_id if answer.receipts else ""
        filing = FILINGS[answer.answered]
        now = self._office.clock()
        return Taken(digest, uid, filing, answer.answered.value, now, external_id, answer.letter)

    async def _again(self, known: Taken, uid: int) -> Taken:
        """Remember a mail that was taken before under its new number."""
        connector = self._mailbox.connector
        await self._office.door.tally(connector.service, f"{connector.channel}:{Answered.DUPLICATE}")
        return replace(known, uid=uid, at=self._office.clock())

    async def _set_aside(self, uid: int, raw: bytes, reason: str) -> Taken:
        connector, now = self._mailbox.connector, self._office.clock()
        letter = Unreadable(
            id=letter_id_of(connector.channel, raw),
            service=connector.service,
            channel=connector.channel,
            reason=reason,
            arrived_at=now,
            peer=self._mailbox.settings.host,
            headers=(*_sender(raw), ("Delivered-To", self._mailbox.address)),
            body=raw,
        )
        await self._office.door.keep(letter)
        await self._office.door.tally(connector.service, f"{connector.channel}:{Answered.UNREADABLE}")
        _log.warning("mail_set_aside", channel=connector.channel, letter=letter.id, reason=reason)
        unreadable = Answered.UNREADABLE.value
        return Taken(digest_of(raw), uid, Filing.FAILED, unreadable, now, letter=letter.id)

    async def _advance(self, uid: int, taken: Taken | None) -> None:
        now, lease, memory = self._office.clock(), self._lease, self._memory
        self._ours(
            await self._office.register.advance_mailbox(
                self._hold, uid, taken, lease=lease, memory=memory, now=now
            )
        )

    async def _file(self) -> None:
        """Move or mark on the server what has been seen to; what it refuses is left for another time."""
        channel = self._mailbox.channel
        unfiled = (await self._office.register.mailbox_progress(channel)).unfiled
        for filing in Filing:
            uids = [uid for uid, wanted in unfiled.items() if wanted is filing]
            if not uids:
                continue
            try:
                await self._line.ask(self._connection.file, uids, filing)
            except MailboxRefused as error:
                _log.warning("mails_not_filed", channel=channel, mails=len(uids), reason=str(error))
                continue
            self._looked.difference_update(uids)
            self._ours(await self._office.register.mails_filed(self._hold, uids))

    def _ours(self, held: bool) -> None:  # noqa: FBT001 - the answer of a verb
        if not held:
            raise HoldLost("another poller reads the mailbox")


def digest_of(raw: bytes) -> str:
    """Return what a mailbox knows a mail by."""
    return hashlib.sha256(raw).hexdigest()[:32]


def letter_id_of(channel: str, raw: bytes) -> str:
    """Return the id of the dead letter that a mail becomes, here and in reception."""
    return hashlib.sha256(channel.encode() + b"\0" + raw).hexdigest()[:32]


def _batches(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (uids[begin : begin + size] for begin in range(0, len(uids), size))


def _return_path(raw: bytes) -> str | None:
    """Return the envelope's sender, as the server that delivered a mail noted it (RFC 5321, section 4.4)."""
    found = _RETURN_PATH.search(raw.partition(b"\r\n\r\n")[0])
    return found[1].decode("utf-8", "backslashreplace") if found else None


def _sender(raw: bytes) -> tuple[tuple[str, str], ...]:
    sender = _return_path(raw)
    return () if sender is None else (("Return-Path", sender),)
