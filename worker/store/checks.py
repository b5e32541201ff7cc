"""Checks in Redis: whether what the ledger holds open is still there, the one checked longest ago first.

The list of what is to be checked is kept up from the activity index, a page at a time, so that no verb of the
hot path has to: what opens is put on it within an hour or so, what has ended is dropped when its turn comes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from worker.interactions import Interaction, State
from worker.lanes import Entry, Partition
from worker.notices import Notice
from worker.store import wire
from worker.store.keys import Keys
from worker.store.limits import HISTORY_CAP
from worker.store.link import Linked
from worker.store.scripts import Script
from worker.upkeep import Check, Unchecked

_CHECK: Final = Script.named("check", behind=("gate", "checking"))
_CLOSE: Final = Script.named("close", behind=("gate", "checking"))
_OBSERVE: Final = Script.named("observe", behind=("gate", "checking"))
_MISS: Final = Script.named("miss", behind=("gate", "checking"))

#: Live work that has waited for longer than this comes first.
PATIENCE_MS: Final = 1000
#: Lanes looked at by one script to find one that can be checked.
_LANES_AT_ONCE: Final = 100
#: Entries written by one round trip: bounds how long others wait behind it.
_ENTRIES_AT_ONCE: Final = 500
_MILLISECOND: Final = timedelta(milliseconds=1)


class RedisChecks(Linked):
    """Implements `worker.upkeep_ports.Checks`."""

    async def enlist(self, partition: Partition, *, limit: int) -> int:
        """See `worker.upkeep_ports.Checks.enlist`."""
        keys, redis = Keys.of(partition), self._link.redis
        cursor = int(await self._link.ask(redis.get(keys.enlisting)) or 0)
        read = 0
        while read < limit:
            cursor, page = await self._link.ask(
                redis.zscan(keys.active, cursor, count=min(limit, _ENTRIES_AT_ONCE))
            )
            if page:
                await self._link.ask(redis.zadd(keys.checked, dict(page), nx=True))
            read += max(len(page), 1)
            if cursor == 0:
                break
        await self._link.ask(redis.set(keys.enlisting, cursor))
        return int(await self._link.ask(redis.zcard(keys.active)))

    async def check(
        self, partition: Partition, *, before: datetime, lease: timedelta, token: str, now: datetime
    ) -> Check | Unchecked:
        """See `worker.upkeep_ports.Checks.check`."""
        keys = Keys.of(partition)
        word, *taken = await self._link.run(
            _CHECK,
            (keys.checked, keys.active, keys.due, keys.gate, keys.out, keys.token(token)),
            wire.millis(now),
            keys.prefix,
            wire.millis(before),
            lease // _MILLISECOND,
            self._brake(partition),
            PATIENCE_MS,
            _LANES_AT_ONCE,
        )
        if word != b"taken":
            return Unchecked(word.decode())
        lane, fence, record, seen, last = taken
        interaction = wire.interaction(partition.service, lane.decode(), record)
        check = Check(
            partition=partition,
            interaction=interaction or Interaction(service=partition.service, external_id=lane.decode()),
            fence=fence,
            seen=seen.decode(),
            before=wire.moment(float(last)),
            lease_until=now + lease,
        )
        if check.interaction.state is State.OPEN:
            return check
        # A newer bridge wrote the row, or the index is wrong, which the audit will mend: on with the next.
        await self.miss(check, as_if_at=now, failed=False, now=now)
        return Unchecked.BUSY

    async def close(
        self,
        check: Check,
        ended: Interaction,
        entry: Entry,
        *,
        notices: Sequence[Notice] = (),
        now: datetime,
    ) -> bool:
        """See `worker.upkeep_ports.Checks.close`."""
        lane, keys = check.interaction.external_id, Keys.of(check.partition)
        closed = await self._link.run(
            _CLOSE,
            (
                keys.lane(lane),
                keys.row(lane),
                keys.active,
                keys.history(lane),
                keys.keys(lane),
                keys.checked,
                keys.gate,
                keys.out,
                keys.outbox,
            ),
            wire.millis(now),
            lane,
            check.fence,
            wire.record(ended),
            wire.line(entry),
            HISTORY_CAP,
            self._link.limits.service(check.partition.service).ended_retention_ms,
            self._brake(check.partition),
            wire.millis(check.lease_until),
            *map(wire.notice, notices),
        )
        return bool(closed)

    async def observe(self, check: Check, seen: str, entry: Entry | None, *, now: datetime) -> bool:
        """See `worker.upkeep_ports.Checks.observe`."""
        lane, keys = check.interaction.external_id, Keys.of(check.partition)
        written = await self._link.run(
            _OBSERVE,
            (keys.row(lane), keys.history(lane), keys.gate, keys.out),
            wire.millis(now),
            check.fence,
            seen,
            wire.line(entry) if entry else "",
            HISTORY_CAP,
            self._brake(check.partition),
            wire.millis(check.lease_until),
        )
        return bool(written)

    async def miss(self, check: Check, *, as_if_at: datetime, failed: bool, now: datetime) -> bool:
        """See `worker.upkeep_ports.Checks.miss`."""
        keys = Keys.of(check.partition)
        tripped: Any = await self._link.run(
            _MISS,
            (keys.checked, keys.gate, keys.out),
            wire.millis(now),
            check.interaction.external_id,
            wire.millis(as_if_at),
            int(failed),
            self._brake(check.partition),
            wire.millis(check.lease_until),
        )
        return bool(tripped)

    def _brake(self, partition: Partition) -> str:
        return self._link.limits.service(partition.service).gate.packed
