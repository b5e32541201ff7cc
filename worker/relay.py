"""The relay: passes notices from the outbox on into the lanes of the subscriptions.

It may break off anywhere and run anywhere, also twice at once: what it appended before is recognised by its
key, and a notice leaves the outbox only after every subscription has it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from worker.commands import Notify
from worker.errors import KeyConflict, LaneFull
from worker.events import NoticeLetGo, RelayFailed
from worker.lanes import Partition
from worker.notices import Notice, NoticeKind
from worker.ports import Clock, Doorbell, Ids, Listener, Store
from worker.settings import SubscriptionSettings

#: Notices passed on by one look at the outbox.
_AT_ONCE: Final = 100
#: Stands for the channel where no channel was behind what happened.
_NOBODY: Final = "bridge"


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Who wants to be told what; each is known to the store as a service of the given name."""

    by_service: Mapping[str, SubscriptionSettings]

    def watched(self, service: str) -> frozenset[NoticeKind]:
        """Return what anybody wants to be told of a service."""
        return frozenset(
            kind
            for each in self.by_service.values()
            if not each.services or service in each.services
            for kind in each.events
        )

    def wanting(self, notice: Notice) -> tuple[str, ...]:
        """Return who wants to be told of this."""
        return tuple(name for name, each in self.by_service.items() if _wants(each, notice))


def _wants(subscription: SubscriptionSettings, notice: Notice) -> bool:
    concerned = {notice.channel, notice.opened_by}
    return (
        notice.kind in subscription.events
        and (not subscription.services or notice.service in subscription.services)
        and (not subscription.channels or not concerned.isdisjoint(subscription.channels))
    )


class Relay:
    """Passes notices on. Belongs to the event loop of its first use."""

    def __init__(
        self,
        store: Store,
        doorbell: Doorbell,
        subscriptions: Subscriptions,
        *,
        clock: Clock,
        ids: Ids,
        listen: Listener,
    ) -> None:
        self._store = store
        self._doorbell = doorbell
        self._subscriptions = subscriptions
        self._clock = clock
        self._ids = ids
        self._listen = listen
        self._written: set[Partition] = set()
        self._running: dict[Partition, asyncio.Task[None]] = {}

    def soon(self, partition: Partition) -> None:
        """Pass on what was just written in a partition, without letting the writer wait. Never raises."""
        self._written.add(partition)
        if partition not in self._running:
            self._running[partition] = asyncio.create_task(self._run(partition))

    async def settle(self) -> None:
        """Return when what was written has been passed on, if that can be done."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def relay(self, partition: Partition) -> int:
        """Pass on everything in a partition's outbox; return how many notices that were.

        Raises StoreUnavailable; what was not passed on then is still there.
        """
        passed = 0
        while page := await self._store.untold(partition, limit=_AT_ONCE):
            await self._pass_on([notice for _, notice in page])
            await self._store.told(partition, [place for place, _ in page])
            passed += len(page)
        return passed

    async def _run(self, partition: Partition) -> None:
        try:
            while partition in self._written:
                self._written.discard(partition)
                await self.relay(partition)
        except Exception as error:  # noqa: BLE001 - nobody waits for this; the tick will try again
            reason = f"{type(error).__name__}: {error}"
            self._listen(RelayFailed(partition.service, partition.index, reason))
        finally:
            # Right after the last look: whoever writes from now on starts another one.
            del self._running[partition]

    async def _pass_on(self, notices: Sequence[Notice]) -> None:
        wanted = defaultdict[str, list[Notice]](list)
        for notice in notices:
            for name in self._subscriptions.wanting(notice):
                wanted[name].append(notice)
        await asyncio.gather(*(self._tell(name, each) for name, each in wanted.items()))

    async def _tell(self, name: str, notices: Sequence[Notice]) -> None:
        """Append notices to a subscription's lanes, in their order, and wake a worker where one is needed."""
        home = Partition(name, 0)
        waiting = (await self._store.backlog(home, now=self._clock())).lanes
        room = waiting < self._subscriptions.by_service[name].waiting_cap
        if not room:
            for notice in notices:
                self._let_go(name, notice, f"events of {waiting} conversations wait for it already")
            return
        lanes = defaultdict[str, list[Notice]](list)
        for notice in notices:
            lanes[notice.external_id].append(notice)
        if any(await asyncio.gather(*(self._append(name, each) for each in lanes.values()))):
            await self._doorbell.ring(home)

    async def _append(self, name: str, notices: Sequence[Notice]) -> bool:
        """Append what happened in one conversation; say whether somebody should be woken."""
        ring = False
        for notice in notices:
            try:
                appended = await self._store.append(
                    _notify(name, notice), receipt_id=self._ids(), now=self._clock()
                )
            except LaneFull as error:
                self._let_go(name, notice, str(error))
            except KeyConflict:
                # passed on before, by a bridge that put it into other words
                continue
            else:
                ring = ring or appended.ring
        return ring

    def _let_go(self, name: str, notice: Notice, reason: str) -> None:
        self._listen(NoticeLetGo(name, notice.id, notice.kind.value, notice.external_id, reason))


def _notify(name: str, notice: Notice) -> Notify:
    channel = notice.channel or notice.opened_by or _NOBODY
    return Notify(
        service=name,
        external_id=notice.external_id,
        idempotency_key=f"{channel}:{notice.id}",
        channel=channel,
        received_at=notice.at,
        trace_id=notice.trace_id,
        notice=notice,
    )
