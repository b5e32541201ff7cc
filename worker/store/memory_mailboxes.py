"""Mailboxes in memory: the twin of those in Redis."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from worker.mailboxes import Filing, Hold, Progress, Taken, Tries

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Mailbox:
    token: str = ""
    fence: int = 0
    until: datetime = _LONG_AGO
    validity: int = 0
    mark: int = 0
    unfiled: dict[int, Filing] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)
    #: The mail that was begun, how often, since when, and the last try's id.
    tried: tuple[int, int, datetime, str] | None = None


class MemoryMailboxes:
    """Implements `worker.ports.Mailboxes` for one process."""

    def __init__(self) -> None:
        self._mailboxes: defaultdict[str, _Mailbox] = defaultdict(_Mailbox)

    async def take_mailbox(self, channel: str, *, token: str, lease: timedelta, now: datetime) -> Hold | None:
        """See `worker.ports.Mailboxes.take_mailbox`."""
        mailbox = self._mailboxes[channel]
        if mailbox.token != token:
            if mailbox.until > now:
                return None
            mailbox.fence += 1
        mailbox.token, mailbox.until = token, now + lease
        return Hold(channel, token, mailbox.fence)

    async def renew_mailbox(self, hold: Hold, *, lease: timedelta, now: datetime) -> bool:
        """See `worker.ports.Mailboxes.renew_mailbox`."""
        if mailbox := self._mine(hold):
            mailbox.until = now + lease
        return mailbox is not None

    async def release_mailbox(self, hold: Hold, *, now: datetime) -> None:
        """See `worker.ports.Mailboxes.release_mailbox`."""
        await self.renew_mailbox(hold, lease=timedelta(), now=now)

    async def renumber_mailbox(self, hold: Hold, validity: int) -> bool:
        """See `worker.ports.Mailboxes.renumber_mailbox`."""
        mailbox = self._mine(hold)
        if mailbox and mailbox.validity != validity:
            mailbox.validity, mailbox.mark, mailbox.tried = validity, 0, None
            mailbox.unfiled.clear()
        return mailbox is not None

    async def try_mail(self, hold: Hold, uid: int, *, token: str, now: datetime) -> Tries | None:
        """See `worker.ports.Mailboxes.try_mail`."""
        mailbox = self._mine(hold)
        if mailbox is None:
            return None
        tried = mailbox.tried if mailbox.tried and mailbox.tried[0] == uid else (uid, 0, now, "")
        count = tried[1] + (tried[3] != token)
        mailbox.tried = (uid, count, tried[2], token)
        return Tries(count, tried[2])

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
        """See `worker.ports.Mailboxes.advance_mailbox`."""
        mailbox = self._mine(hold)
        if mailbox is None:
            return False
        mailbox.mark, mailbox.until, mailbox.tried = max(mailbox.mark, uid), now + lease, None
        if taken:
            mailbox.taken[taken.digest] = taken
            mailbox.unfiled[uid] = taken.filing
        for digest in [each.digest for each in mailbox.taken.values() if each.at <= now - memory]:
            del mailbox.taken[digest]
        return True

    async def mails_filed(self, hold: Hold, uids: Sequence[int]) -> bool:
        """See `worker.ports.Mailboxes.mails_filed`."""
        mailbox = self._mine(hold)
        for uid in uids if mailbox else ():
            self._mailboxes[hold.channel].unfiled.pop(uid, None)
        return mailbox is not None

    async def mailbox_progress(self, channel: str) -> Progress:
        """See `worker.ports.Mailboxes.mailbox_progress`."""
        mailbox = self._mailboxes[channel]
        return Progress(mailbox.validity, mailbox.mark, dict(mailbox.unfiled))

    async def mails_taken(self, channel: str, digests: Sequence[str]) -> tuple[Taken | None, ...]:
        """See `worker.ports.Mailboxes.mails_taken`."""
        return tuple(map(self._mailboxes[channel].taken.get, digests))

    async def mails_taken_since(self, channel: str, since: datetime) -> tuple[Taken, ...]:
        """See `worker.ports.Mailboxes.mails_taken_since`."""
        found = self._mailboxes[channel].taken.values()
        return tuple(sorted((each for each in found if each.at >= since), key=lambda each: each.at))

    def _mine(self, hold: Hold) -> _Mailbox | None:
        mailbox = self._mailboxes[hold.channel]
        return mailbox if mailbox.fence == hold.fence else None
