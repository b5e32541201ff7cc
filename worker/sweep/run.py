"""The run: one sweep from its turn to its record, and what holds it back.

A wrong clock or a wrong rule must not empty a contact centre: a sweep counts before it acts, and where too
much is stale at once it stops nothing at all and says so.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from worker.commands import Command, Stop
from worker.errors import KeyConflict, Overtaken, SettingsError, StoreUnavailable, UnknownService
from worker.lanes import Partition
from worker.ports import Clock, Door, Ids, Listener, Sweeps
from worker.settings import ChannelSettings, ServiceSettings
from worker.slots import once
from worker.sweep.caps import silence, too_much
from worker.sweep.orders import order
from worker.sweep.record import done, record
from worker.sweep.search import Found, Plan, search
from worker.sweep_settings import SweepSettings
from worker.sweeps import NAMED_AT_MOST, Cursor, Result, Sweep
from worker.upkeep_events import SweepRefused
from worker.upkeep_ports import Slots

SCHEDULE: Final = "schedule"
PERSON: Final = "person"

#: Commands submitted together: they share round trips.
_AT_ONCE: Final = 100


class SweepStore(Sweeps, Slots, Protocol):
    """What sweeps need of the store."""


class Sweeper:
    """Sweeps the services that have rules for it."""

    def __init__(
        self,
        sweeps: SweepStore,
        door: Door,
        *,
        services: Mapping[str, ServiceSettings],
        channels: Mapping[str, ChannelSettings],
        clock: Clock,
        ids: Ids,
        listen: Listener,
    ) -> None:
        self._sweeps = sweeps
        self._door = door
        self._services = services
        self._channels = channels
        self._clock = clock
        self._ids = ids
        self._listen = listen

    async def take_turns(self) -> None:
        """Sweep each service whose turn it is; for schedules, which may be many and may ring often."""
        for name, service in self._services.items():
            if service.sweep is None:
                continue
            try:
                await self._take_turn(name, service.sweep)
            except StoreUnavailable as error:
                self._listen(SweepRefused(name, "", SCHEDULE, str(error)))

    async def _take_turn(self, service: str, settings: SweepSettings) -> None:
        if await self._sweeps.sweeps_paused(service):
            return
        every = timedelta(seconds=settings.every_s)
        work = partial(self._scheduled, service, settings, every)
        await once(self._sweeps, f"sweep:{service}", work, every=every, clock=self._clock, ids=self._ids)

    async def _scheduled(self, service: str, settings: SweepSettings, every: timedelta) -> None:
        now = self._clock()
        before = await self._sweeps.last_swept(service)
        await self._sweeps.mark_swept(service, now=now)
        only_looks = "dry_run is set" if settings.dry_run else silence(before, every, now)
        await self._run(service, settings, sweep=self._ids(), by=SCHEDULE, only_looks=only_looks, now=now)

    async def sweep(self, service: str, *, cap: int | None = None) -> Sweep:
        """Sweep a service now, because a person says so.

        Args:
            service: Which.
            cap: How many may be stopped, where that person knows better than the settings.

        Raises:
            UnknownService, SettingsError: it is not configured, or without sweeps.
            StoreUnavailable: some may have been stopped; the next sweep does the rest.
        """
        settings, sweep, now = self._settings(service), self._ids(), self._clock()
        if reason := await self._sweeps.sweeps_paused(service):
            refused = Sweep(
                id=sweep,
                service=service,
                at=now,
                by=PERSON,
                result=Result.REFUSED,
                reason=f"paused: {reason}",
            )
            return await self._keep(refused)
        return await self._run(service, settings, sweep=sweep, by=PERSON, cap=cap, now=now)

    async def look(self, service: str) -> Sweep:
        """Return what a sweep would do now, all that it would choose by name; nothing is written."""
        settings, now = self._settings(service), self._clock()
        found = await self._search(service, settings, dict.fromkeys(self._partitions(service)), now)
        open_count = await self._sweeps.open_count(service)
        reason = too_much(found, settings, open_count)
        looked = record(found, service=service, sweep=self._ids(), by=PERSON, now=now, open_count=open_count)
        return looked.model_copy(
            update={"result": Result.REFUSED if reason else Result.DRY, "reason": reason}
        )

    async def _run(
        self,
        service: str,
        settings: SweepSettings,
        *,
        sweep: str,
        by: str,
        now: datetime,
        only_looks: str = "",
        cap: int | None = None,
    ) -> Sweep:
        if cap is not None:
            settings = settings.model_copy(update={"cap_per_run": cap, "cap_share": 1.0})
        scheduled = by == SCHEDULE
        places = {
            partition: await self._sweeps.bookmark(partition) if scheduled else None
            for partition in self._partitions(service)
        }
        found = await self._search(service, settings, places, now)
        open_count = await self._sweeps.open_count(service)
        seen = record(
            found, service=service, sweep=sweep, by=by, now=now, open_count=open_count, named=NAMED_AT_MOST
        )
        refusal = too_much(found, settings, open_count)
        if not (refusal or only_looks):
            refusal = await self._spend(seen, max(settings.cap_per_hour, cap or 0))
        came_to: Mapping[str, object]
        if refusal:
            came_to = {"result": Result.REFUSED, "reason": refusal}
        elif only_looks:
            came_to = {"result": Result.DRY, "reason": only_looks}
        else:
            came_to = await self._carry_out(found, service, sweep, now)
        if scheduled and not refusal:
            for partition, cursor in found.bookmarks.items():
                await self._sweeps.put_bookmark(partition, cursor)
        return await self._keep(seen.model_copy(update=came_to))

    async def _search(
        self, service: str, settings: SweepSettings, places: Mapping[Partition, Cursor | None], now: datetime
    ) -> Found:
        channels = {
            name: channel.sweep
            for name, channel in self._channels.items()
            if channel.service == service and channel.sweep is not None
        }
        plan = Plan.at(settings, channels, now)
        return await search(
            self._sweeps, places, plan, at_most=settings.look_at_most, cap=settings.cap_per_run
        )

    async def _spend(self, seen: Sweep, cap: int) -> str:
        """Book the stops; return why they may not be made, empty when they may."""
        if seen.stale == 0:
            return ""
        before = await self._sweeps.spend(seen.service, sweep=seen.id, count=seen.stale, cap=cap, now=seen.at)
        if before + seen.stale <= cap:
            return ""
        return (
            f"{seen.stale} are stale and {before} were stopped within the last hour, together more than "
            f"cap_per_hour ({cap})"
        )

    async def _carry_out(self, found: Found, service: str, sweep: str, now: datetime) -> Mapping[str, int]:
        commands = [
            order(each.idle, each.decision.what, each.rules, service=service, sweep=sweep, now=now)
            for each in found.chosen
        ]
        counts: Counter[str] = Counter()
        for first in range(0, len(commands), _AT_ONCE):
            counts.update(await asyncio.gather(*map(self._submit, commands[first : first + _AT_ONCE])))
        return counts

    async def _submit(self, command: Command) -> str:
        """Submit one command; return what it counts as."""
        try:
            (receipt,) = await self._door.submit([command])
        except (Overtaken, KeyConflict):
            return "overtaken"
        if receipt.duplicate:
            return "repeated"
        return "stops" if isinstance(command, Stop) else "warnings"

    async def _keep(self, sweep: Sweep) -> Sweep:
        """Tell of a sweep, and remember it where there is anything to remember."""
        if sweep.result is Result.REFUSED:
            self._listen(SweepRefused(sweep.service, sweep.id, sweep.by, sweep.reason))
        else:
            self._listen(done(sweep))
        if sweep.result is Result.REFUSED or sweep.named or sweep.by == PERSON:
            await self._sweeps.record_sweep(sweep)
        return sweep

    def _partitions(self, service: str) -> list[Partition]:
        return [Partition(service, index) for index in range(self._services[service].partitions)]

    def _settings(self, service: str) -> SweepSettings:
        if service not in self._services:
            known = ", ".join(sorted(self._services)) or "none"
            raise UnknownService(f"no service {service!r} is configured; there is: {known}")
        settings = self._services[service].sweep
        if settings is None:
            raise SettingsError(
                f"services.{service}.sweep is not set: say there what is stale (idle_s), and so on"
            )
        return settings
