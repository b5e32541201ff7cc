"""`bridge mail audit`: every mail that the server has, compared with what the bridge knows of it.

The list is the server's own; a mail's bytes are fetched and what they ask for is computed as at the door, so
that the comparison rests on the store's keys, not on what the poller says it did.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from connectors.base import Answered, Delivery, Envelope, Threaded, Understood, Verified
from connectors.headers import Headers
from connectors.hosts.imap.connection import Arrival, Connection
from connectors.hosts.imap.host import context_of, login_of, mailbox_of
from connectors.hosts.imap.line import Line
from connectors.hosts.imap.reader import Mailbox, digest_of, letter_id_of
from connectors.registry import build
from worker.commands import Command
from worker.errors import SettingsError
from worker.mailboxes import Progress, Taken
from worker.wiring import Bridge

#: Mails fetched by one look at the store.
_AT_ONCE: Final = 50
_A_DAY: Final = timedelta(days=1)
_GONE: Final = "not among the server's mails of this time: deleted there, or arrived earlier"


class Finding(StrEnum):
    """What the comparison of one mail came to."""

    ACCOUNTED = "accounted"  #: the store knows it: accepted, ignored, refused or a dead letter
    WAITING = "waiting"  #: it came after the last look, and is not read yet
    MISSING = "missing"  #: it should be known, and is not
    GONE = "gone"  #: taken within the time, and not among the server's mails of that time


@dataclass(frozen=True, slots=True)
class Listed:
    """One mail as the server lists it."""

    folder: str
    uid: int
    message_id: str
    arrived_at: datetime | None
    size: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One mail, and what the store knows of it."""

    mail: Listed
    finding: Finding
    #: In words: what became of it, or what is not there.
    detail: str


@dataclass(frozen=True, slots=True)
class Audit:
    """A whole comparison."""

    channel: str
    since: datetime
    until: datetime
    compared: tuple[Compared, ...]

    def of(self, finding: Finding) -> tuple[Compared, ...]:
        """Return the mails of one finding."""
        return tuple(each for each in self.compared if each.finding is finding)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.of(Finding.MISSING)


async def audit(
    bridge: Bridge,
    channel: str,
    *,
    since: datetime,
    until: datetime,
    advance: Callable[[int], None] = lambda _compared: None,
) -> Audit:
    """Compare a channel's mailbox with the store; `advance` hears of each mail. Raises BridgeError."""
    mailbox = _mailbox(bridge, channel)
    line = Line(channel)
    login = login_of(mailbox.settings, bridge.secrets, bridge.clock)
    connection = await line.ask(
        Connection.open, mailbox.settings, login, context_of(mailbox.settings, bridge.secrets)
    )
    try:
        auditor = _Auditor(bridge, mailbox, line, connection, (since, until))
        compared = []
        async for each in auditor.compare():
            compared.append(each)
            advance(1)
        return Audit(channel, since, until, tuple(compared))
    finally:
        connection.cut()
        line.close()


class _Auditor:
    """Compares one mailbox."""

    def __init__(
        self,
        bridge: Bridge,
        mailbox: Mailbox,
        line: Line,
        connection: Connection,
        span: tuple[datetime, datetime],
    ) -> None:
        self._bridge = bridge
        self._mailbox = mailbox
        self._line = line
        self._connection = connection
        self._since, self._until = span
        self._met: set[str] = set()

    async def compare(self) -> AsyncIterator[Compared]:
        """Yield every mail of the server within the time, then those that are only ours."""
        settings = self._mailbox.settings
        folders = (settings.folder, settings.done_folder, settings.failed_folder, settings.ignored_folder)
        for folder in dict.fromkeys(filter(None, folders)):
            validity = await self._line.ask(self._connection.select, folder, readonly=True)
            progress = await self._bridge.store.mailbox_progress(self._mailbox.channel)
            # Only in the folder that is read a UID says whether a mail has been looked at.
            if folder != settings.folder:
                progress = Progress()
            elif progress.validity != validity:
                progress = Progress(validity)
            async for each in self._compare_folder(folder, progress):
                yield each
        for taken in await self._bridge.store.mails_taken_since(self._mailbox.channel, self._since):
            if taken.digest not in self._met and taken.at <= self._until:
                mail = Listed("", taken.uid, "", taken.at, 0)
                yield Compared(mail, Finding.GONE, f"{_word(taken)}; {_GONE}")

    async def _compare_folder(self, folder: str, progress: Progress) -> AsyncIterator[Compared]:
        # The server counts days in a time zone of its own.
        uids = await self._line.ask(self._connection.since, self._since - _A_DAY)
        for begin in range(0, len(uids), _AT_ONCE):
            some = uids[begin : begin + _AT_ONCE]
            listed = await self._line.ask(self._connection.listed, some)
            for uid in some:
                if uid in listed and (found := await self._compare(folder, uid, listed[uid], progress)):
                    yield found

    async def _compare(self, folder: str, uid: int, arrival: Arrival, progress: Progress) -> Compared | None:
        # A mail whose server tells no time is looked at all the same.
        size, arrived_at = arrival.size, arrival.at or self._until
        too_large = size > self._mailbox.settings.max_message_bytes
        fetch = self._connection.head if too_large else self._connection.mail
        raw = await self._line.ask(fetch, uid)
        if raw is None:
            return None
        digest = digest_of(raw)
        self._met.add(digest)
        first_day = self._mailbox.settings.since
        left_alone = first_day is not None and arrived_at.date() < first_day
        if left_alone or not self._since <= arrived_at <= self._until:
            return None
        mail = Listed(folder, uid, _message_id(raw), arrived_at, size)
        taken = (await self._bridge.store.mails_taken(self._mailbox.channel, [digest]))[0]
        if taken is None and progress.validity and uid > progress.mark:
            return Compared(mail, Finding.WAITING, "it is not read yet")
        lost = await self._lost(raw, taken)
        if lost:
            return Compared(mail, Finding.MISSING, lost)
        return Compared(mail, Finding.ACCOUNTED, _word(taken) if taken else "known by its key")

    async def _lost(self, raw: bytes, taken: Taken | None) -> str:
        """Return why the store's word about a mail does not hold; empty where it does."""
        mailbox, store = self._mailbox, self._bridge.store
        service = mailbox.connector.service
        if taken and taken.answered not in {Answered.ACCEPTED, Answered.DUPLICATE}:
            return ""  # ignored mail is only counted; a dead letter may have been given up since
        if await store.letter(service, letter_id_of(mailbox.channel, raw)):
            return ""
        commands = await asyncio.to_thread(self._asked, raw)
        if not commands:
            return "" if taken else "neither read by this mailbox nor kept as a dead letter"
        for command in commands:
            conversation = taken.external_id if taken and taken.external_id else command.external_id
            if await store.seen(service, conversation, command.idempotency_key):
                continue
            if taken and (self._bridge.clock() - taken.at).total_seconds() > self._window_s():
                continue  # keys are forgotten in time; the mailbox remembers longer
            how = f"{_word(taken)}, but" if taken else "not read by this mailbox, and"
            return f"{how} the store does not know its key {command.idempotency_key!r}"
        return ""

    def _asked(self, raw: bytes) -> tuple[Command, ...]:
        """Return what a mail asks for, as at the door; nothing where it is ignored or cannot be read."""
        connector = self._mailbox.connector
        envelope = Envelope(None, (self._mailbox.address,))
        delivery = Delivery(connector.channel, Headers(), raw, self._bridge.clock(), envelope=envelope)
        try:
            understood: Understood = connector.translate(Verified(delivery, "audit", again=True))
        except Exception:  # noqa: BLE001 - what cannot be read must be among the dead letters
            return ()
        if isinstance(understood, Threaded):
            return understood.foreseen
        return understood if isinstance(understood, tuple) else ()

    def _window_s(self) -> float:
        settings = self._bridge.settings
        channel = settings.channels[self._mailbox.channel]
        return channel.dedup_window_s or settings.services[channel.service].dedup_window_s


def _mailbox(bridge: Bridge, channel: str) -> Mailbox:
    settings = bridge.settings.channels.get(channel)
    if settings is None or settings.mailbox is None:
        known = ", ".join(name for name, each in bridge.settings.channels.items() if each.mailbox) or "none"
        raise SettingsError(f"no channel {channel!r} reads a mailbox; those that do: {known}")
    connector = build(channel, settings, bridge.secrets.readers(settings.secrets))
    mailbox = mailbox_of(channel, connector, settings)
    assert mailbox is not None, "its settings have one"  # noqa: S101 - says it to mypy
    return mailbox


def _word(taken: Taken) -> str:
    more = f" for {taken.external_id}" if taken.external_id else ""
    letter = f", dead letter {taken.letter}" if taken.letter else ""
    return f"{taken.answered}{more}{letter}"


def _message_id(raw: bytes) -> str:
    """Return the Message-ID as it stands there: to be shown, not to be compared."""
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"message-id":
            return value.strip().decode("utf-8", "replace")[:200]
    return ""
