"""A month of steady traffic leaves a store that does not grow, and in which nothing contradicts.

The clock is the test's own: every verb is handed its `now`. What Redis forgets it forgets by its own clock,
which nobody can set: so at the end of each simulated day a day is taken off the time to live of every key and
what has none left is deleted. Redis does just that in a day; the times to live are those that the verbs set.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery
from redis.asyncio import Redis

from worker.commands import Command, Create, Stop, Update
from worker.events import Event
from worker.interactions import EndedBy, Interaction
from worker.lanes import Burial, Claim, Entry, Partition, Settlement
from worker.letters import DeadCommand, Unreadable
from worker.notes import Note
from worker.secrets import Secrets
from worker.settings import Settings
from worker.upkeep_events import AuditRepaired
from worker.wiring import Bridge

pytestmark = [pytest.mark.story, pytest.mark.timeout(300)]

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)  # the clocks of Europe and America are changed on the way
DAYS = 30
A_DAY = 200
LEASE = timedelta(seconds=45)
DAY = timedelta(days=1)
HOME = Partition("support", 0)

SERVICE = {
    "base_url": "http://127.0.0.1:9/nexus/v3",
    "api_key": "env:KEY",
    "dedup_window_s": 5 * 86_400,
    "ended_retention_s": 7 * 86_400,
}
RETENTION = {"dead_letters_s": 8 * 86_400, "ignored_s": 6 * 86_400}


class Month:
    """Traffic, deliveries, upkeep and the passing of days."""

    def __init__(self, bridge: Bridge, redis: Redis) -> None:
        self.bridge = bridge
        self.redis = redis
        self.now = BEGIN
        self.claims = 0
        #: Keys of each kind, and the store's memory, at the end of each day.
        self.kinds: list[dict[str, int]] = []
        self.bytes: list[int] = []

    async def day(self, number: int) -> None:
        """Live through one day."""
        day = BEGIN + number * DAY
        for hour in range(0, 24, 4):
            self.now = day + timedelta(hours=hour)
            await asyncio.gather(*(self._begin(number, each) for each in range(hour, A_DAY, 24)))
            await self._deliver()
            if hour % 8 == 0:
                await self.bridge.chores.audit()
            await self.bridge.chores.prune()
        await self._end(number - 2)
        await self._deliver()
        await self._age()
        await self._measure()

    async def _begin(self, day: int, each: int) -> None:
        name = f"c-{day}-{each}"
        for kind in (Create, Update):
            await self._append(kind, name)
        if each % 40 == 0:
            letter = Unreadable(
                id=f"u-{name}",
                service="support",
                channel="mail",
                reason="?",
                arrived_at=self.now,
                body=b"x" * 1000,
            )
            await self.bridge.store.keep(letter)
            note = Note(
                id=name,
                service="support",
                channel="mail",
                sort="automatic",
                reason="an out-of-office reply",
                arrived_at=self.now,
            )
            await self.bridge.store.note(note)

    async def _end(self, day: int) -> None:
        """Stop what began on a day."""
        if day >= 0:
            await asyncio.gather(*(self._append(Stop, f"c-{day}-{each}") for each in range(A_DAY)))

    async def _append(self, kind: type[Command], name: str) -> None:
        key = f"{name}:{kind.__name__}"
        command = kind(
            service="support", external_id=name, idempotency_key=key, channel="mail", received_at=self.now
        )
        await self.bridge.store.append(command, receipt_id=key, now=self.now)

    async def _deliver(self) -> None:
        """Apply what waits; one update in ten is refused by the API."""
        while True:
            self.claims += 1
            claims = await self.bridge.store.claim(
                HOME, limit=64, lease=LEASE, token=str(self.claims), now=self.now
            )
            if not claims:
                return
            await asyncio.gather(*map(self._apply, claims))

    async def _apply(self, claim: Claim) -> None:
        head = claim.commands[0]
        assert head.command is not None
        line = Entry(at=self.now, event="applied", sequence=head.sequence)
        if isinstance(head.command, Update) and claim.external_id.endswith("7"):
            letter = DeadCommand(
                id=f"d-{claim.external_id}",
                cause="rejected",
                reason="400",
                buried_at=self.now,
                attempts=1,
                sequence=head.sequence,
                command=head.command,
            )
            burial = Burial(letter, line, park=False, failed=False, calls=1)
            await self.bridge.store.bury(claim, burial, now=self.now)
            return
        row = self._after(claim.interaction, head.command)
        done = Settlement(head.sequence, row, (line,), calls=1, keep=False)
        await self.bridge.store.settle(claim, done, lease=LEASE, now=self.now)

    def _after(self, row: Interaction, command: Command) -> Interaction:
        if isinstance(command, Stop):
            return row.ended(by=EndedBy.BRIDGE, tombstone=self.now, at=self.now)
        return row.opened(interaction_id="I1", channel="mail", at=self.now)

    async def _age(self) -> None:
        """Take a day off every time to live."""
        keys = [key async for key in self._keys()]
        pipeline = self.redis.pipeline(transaction=False)
        for key in keys:
            pipeline.pttl(key)
        left = await pipeline.execute()
        for key, time in zip(keys, left, strict=True):
            if 0 <= time <= 86_400_000:
                pipeline.delete(key)
            elif time > 0:
                pipeline.pexpire(key, time - 86_400_000)
        await pipeline.execute()

    async def _measure(self) -> None:
        kinds: defaultdict[str, int] = defaultdict(int)
        async for key in self._keys():
            kinds[key.decode().split(":")[2]] += 1
        self.kinds.append(dict(kinds))
        self.bytes.append((await self.redis.info("memory"))["used_memory"])

    async def _keys(self) -> AsyncIterator[bytes]:
        async for key in self.redis.scan_iter("bridge:*", count=5000):
            yield key


def test_the_store_is_as_small_after_a_month_as_after_a_fortnight(redis_url: str, tmp_path: Path) -> None:
    """Keys of every kind, and the memory they take; and no audit found anything to mend."""
    heard: list[Event] = []

    async def scene() -> Month:
        settings = Settings(
            store={"url": redis_url},
            services={"support": SERVICE},
            channels={"mail": {"connector": "email", "service": "support"}},
            retention=RETENTION,
        )
        celery = Celery("test", broker="memory://", set_as_current=False)
        bridge = Bridge(
            settings, Secrets(tmp_path), celery, heard.append, clock=lambda: month.now, data=tmp_path
        )
        month = Month(bridge, bridge.store._link.redis)
        async with aclosing(bridge):
            for number in range(DAYS):
                await month.day(number)
        return month

    month = asyncio.run(scene())
    fortnight, end = month.kinds[14], month.kinds[-1]
    assert {"row", "history", "told", "letter"} <= end.keys()
    for kind, count in end.items():
        assert count <= 1.1 * fortnight[kind] + 5, kind
    assert end["row"] < A_DAY * 11, "two days open, seven remembered"
    assert max(month.bytes[-5:]) < 1.1 * max(month.bytes[12:17])
    assert month.kinds[4]["row"] < end["row"], "it was still filling then: the test can tell"
    assert [event for event in heard if isinstance(event, AuditRepaired)] == []
