"""Chores: the upkeep of the store that beat asks for, each once in a slot, whoever is asked and how often.

A chore that breaks off leaves nothing half done: the next slot goes on. What goes wrong with one service
holds up no other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from worker.audit import audit
from worker.errors import BridgeError, StoreUnavailable
from worker.expiry import Retention, prune_blobs
from worker.lanes import Partition
from worker.ports import Blobs, Clock, Ids, Listener, Store
from worker.prune import Pruner
from worker.reconcile import Bench, Found, reconcile
from worker.slots import once
from worker.upkeep_events import BlobsPruned, Reconciled, UpkeepFailed
from worker.upkeep_settings import ScheduleSettings


@dataclass(frozen=True, slots=True)
class Chores:
    """What a process can be asked to do for the store."""

    store: Store
    schedule: ScheduleSettings
    pruner: Pruner
    #: Where whole messages are kept, None where none are.
    blobs: Blobs | None
    blob_retention: Retention
    #: The channels of each service; subscriptions have none and are not in it.
    channels: Mapping[str, Sequence[str]]
    partitions: Mapping[str, int]
    #: What the checks of a service work with.
    bench: Callable[[str], Bench]
    clock: Clock
    ids: Ids
    listen: Listener

    async def reconcile(self) -> None:
        """Check some of what the ledgers hold open, unless that was done in this slot. Never raises."""
        await self._once("reconcile", self._reconcile_all, self.schedule.reconcile_s)

    async def audit(self) -> None:
        """Hold the next part of the store against the rules, unless done in this slot. Never raises."""
        await self._once("audit", self._audit, self.schedule.audit_s)

    async def prune(self) -> None:
        """Throw away what is old, unless that was done in this slot. Never raises."""
        await self._once("prune", self._prune_all, self.schedule.prune_s)

    async def _once(self, schedule: str, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        every = timedelta(seconds=every_s)
        try:
            await once(self.store, schedule, work, every=every, clock=self.clock, ids=self.ids)
        except StoreUnavailable as error:
            self.listen(UpkeepFailed(schedule, "", str(error)))

    async def _audit(self) -> None:
        await audit(self.store, keys=self.schedule.audit_keys, clock=self.clock, listen=self.listen)

    async def _reconcile_all(self) -> None:
        # subscriptions hold no interactions
        await asyncio.gather(*(self._each("reconcile", self._reconcile, name) for name in self.channels))

    async def _prune_all(self) -> None:
        for name in self.partitions:
            await self._each("prune", self._prune, name)
        await self._each("prune", self._prune_blobs, "")

    async def _each(self, schedule: str, work: Callable[[str], Awaitable[None]], service: str) -> None:
        try:
            await work(service)
        except BridgeError as error:
            self.listen(UpkeepFailed(schedule, service, str(error)))

    async def _prune(self, service: str) -> None:
        await self.pruner.prune(service, self.channels.get(service, ()))

    async def _prune_blobs(self, service: str) -> None:
        """Throw away the whole messages whose time is over: they belong to no service."""
        if self.blobs is None:
            return
        pruned = await prune_blobs(self.blobs, self.blob_retention, now=self.clock())
        if pruned.deleted:
            self.listen(BlobsPruned(service, pruned.deleted, pruned.deleted_bytes))

    async def _reconcile(self, service: str) -> None:
        bench = self.bench(service)
        if not bench.policy.enabled:
            return
        shares = [Partition(service, index) for index in range(self.partitions[service])]
        found = await asyncio.gather(*(reconcile(bench, share) for share in shares))
        total = _together(found)
        if total.checked or total.unanswered:
            self.listen(
                Reconciled(
                    service=service,
                    open=total.open,
                    checked=total.checked,
                    gone=total.gone,
                    differing=total.differing,
                    unanswered=total.unanswered,
                )
            )


def _together(found: Sequence[Found]) -> Found:
    return Found(
        open=sum(each.open for each in found),
        checked=sum(each.checked for each in found),
        gone=sum(each.gone for each in found),
        differing=sum(each.differing for each in found),
        unanswered=sum(each.unanswered for each in found),
    )
