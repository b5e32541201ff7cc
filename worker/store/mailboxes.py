"""Mailboxes in Redis: the marks of the folders that are read, and the lease of whoever reads them.

A channel belongs to no partition, so the keys of each mailbox carry a hash tag of their own.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from worker.mailboxes import Filing, Hold, Progress, Taken, Tries
from worker.store import wire
from worker.store.link import Linked
from worker.store.scripts import Script

_TAKE: Final = Script.named("mailbox_take")
_RENEW: Final = Script.named("mailbox_renew", behind=("mailbox",))
_RENUMBER: Final = Script.named("mailbox_renumber", behind=("mailbox",))
_TRY: Final = Script.named("mailbox_try", behind=("mailbox",))
_ADVANCE: Final = Script.named("mailbox_advance", behind=("mailbox",))
_FILED: Final = Script.named("mailbox_filed", behind=("mailbox",))
_NO_TIME: Final = timedelta()


class RedisMailboxes(Linked):
    """Implements `worker.ports.Mailboxes`."""

    async def take_mailbox(self, channel: str, *, token: str, lease: timedelta, now: datetime) -> Hold | None:
        """See `worker.ports.Mailboxes.take_mailbox`."""
        fence = await self._link.run(
            _TAKE, (_key(channel, "state"),), wire.millis(now), token, _millis(lease)
        )
        return Hold(channel, token, fence) if fence else None

    async def renew_mailbox(self, hold: Hold, *, lease: timedelta, now: datetime) -> bool:
        """See `worker.ports.Mailboxes.renew_mailbox`."""
        state = _key(hold.channel, "state")
        return bool(await self._link.run(_RENEW, (state,), hold.fence, wire.millis(now), _millis(lease)))

    async def release_mailbox(self, hold: Hold, *, now: datetime) -> None:
        """See `worker.ports.Mailboxes.release_mailbox`."""
        await self.renew_mailbox(hold, lease=_NO_TIME, now=now)

    async def renumber_mailbox(self, hold: Hold, validity: int) -> bool:
        """See `worker.ports.Mailboxes.renumber_mailbox`."""
        keys = (_key(hold.channel, "state"), _key(hold.channel, "unfiled"))
        return bool(await self._link.run(_RENUMBER, keys, hold.fence, validity))

    async def try_mail(self, hold: Hold, uid: int, *, token: str, now: datetime) -> Tries | None:
        """See `worker.ports.Mailboxes.try_mail`."""
        state = _key(hold.channel, "state")
        tried = await self._link.run(_TRY, (state,), hold.fence, uid, token, wire.millis(now))
        return Tries(tried[0], wire.moment(tried[1])) if tried else None

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
        digest = taken.digest if taken else ""
        keys = tuple(_key(hold.channel, name) for name in ("state", "unfiled", "log", f"mail:{digest}"))
        return bool(
            await self._link.run(
                _ADVANCE,
                keys,
                hold.fence,
                uid,
                wire.millis(now),
                _millis(lease),
                _millis(memory),
                digest,
                taken.filing.value if taken else "",
                _written(taken) if taken else "",
            )
        )

    async def mails_filed(self, hold: Hold, uids: Sequence[int]) -> bool:
        """See `worker.ports.Mailboxes.mails_filed`."""
        keys = (_key(hold.channel, "state"), _key(hold.channel, "unfiled"))
        return bool(await self._link.run(_FILED, keys, hold.fence, *uids))

    async def mailbox_progress(self, channel: str) -> Progress:
        """See `worker.ports.Mailboxes.mailbox_progress`."""
        pipeline = self._link.redis.pipeline()
        pipeline.hmget(_key(channel, "state"), "validity", "mark")
        pipeline.hgetall(_key(channel, "unfiled"))
        (validity, mark), unfiled = await self._link.ask(pipeline.execute())
        filings = {int(uid): Filing(filing.decode()) for uid, filing in unfiled.items()}
        return Progress(int(validity or 0), int(mark or 0), filings)

    async def mails_taken(self, channel: str, digests: Sequence[str]) -> tuple[Taken | None, ...]:
        """See `worker.ports.Mailboxes.mails_taken`."""
        if not digests:
            return ()
        stored = await self._link.ask(
            self._link.redis.mget([_key(channel, f"mail:{digest}") for digest in digests])
        )
        return tuple(
            _read(digest, line.decode()) if line else None
            for digest, line in zip(digests, stored, strict=True)
        )

    async def mails_taken_since(self, channel: str, since: datetime) -> tuple[Taken, ...]:
        """See `worker.ports.Mailboxes.mails_taken_since`."""
        log = await self._link.ask(
            self._link.redis.zrangebyscore(_key(channel, "log"), wire.millis(since), "+inf")
        )
        found = await self.mails_taken(channel, [digest.decode() for digest in log])
        return tuple(filter(None, found))


def _key(channel: str, name: str) -> str:
    return f"bridge:{{mailbox/{channel}}}:{name}"


def _millis(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _written(taken: Taken) -> str:
    at = wire.millis(taken.at)
    return "|".join(map(str, (taken.uid, taken.filing, taken.answered, at, taken.letter, taken.external_id)))


def _read(digest: str, line: str) -> Taken:
    uid, filing, answered, at, letter, external_id = line.split("|", 5)
    return Taken(digest, int(uid), Filing(filing), answered, wire.moment(int(at)), external_id, letter)
