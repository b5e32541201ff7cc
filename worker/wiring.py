"""Wiring: the one place where adapters and use cases meet. Builds what a process needs, and gives it back.

Clients of HTTP are imported when the first of them is built: they are a third of what a command of the
command line would load, and most commands and doors call nobody.
"""

import asyncio
import os
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery

from worker import configuration
from worker.addresses import is_public
from worker.blobs.opening import open_blobs
from worker.blobs.originals import BucketOriginals
from worker.chores import Chores
from worker.deadletters import DeadLetters
from worker.doorbell import CeleryDoorbell
from worker.drain.crew import Crew, Pace
from worker.drain.desk import Desk, Stopping
from worker.drain.holds import Holds
from worker.errors import ClockAstray, SettingsError, UnknownService
from worker.events import StoreDoubtful
from worker.expiry import Retention
from worker.gate_settings import RetrySettings
from worker.intake import Intake
from worker.ports import Api, Blobs, Clock, Listener
from worker.prune import Pruner
from worker.reconcile import Bench
from worker.relay import Relay, Subscriptions
from worker.secrets import Secrets
from worker.settings import Settings, hook_service
from worker.sockets import SocketMaker, sockets_to
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.sweep.run import Sweeper
from worker.tick import tick

if TYPE_CHECKING:
    from worker.api.client import OpenMediaApi
    from worker.api.connections import Connections
    from worker.hooks.client import HookApi
    from worker.hooks.connections import Connections as HookConnections


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a new unique id: 32 hex digits, also fit for a trace."""
    return os.urandom(16).hex()


class Bridge:
    """One process's share of the bridge. Belongs to one event loop; close it there."""

    def __init__(
        self,
        settings: Settings,
        secrets: Secrets,
        celery: Celery,
        listen: Listener,
        *,
        clock: Clock = utc_now,
        data: Path | None = None,
    ) -> None:
        """`data` is the data directory; the one that the environment means if nothing is said."""
        self.settings = settings
        self.secrets = secrets
        self.listen = listen
        self.clock = clock
        self._data = data or configuration.data_directory()
        self.stopping = Stopping()
        self._began = time.monotonic()
        self.doorbell = CeleryDoorbell(celery, listen)
        self.store = RedisStore.open(
            store_url(settings, secrets),
            Limits.of(settings),
            timeout_s=settings.store.timeout_s,
            replicas=settings.store.replicas,
        )

    @property
    def partitions(self) -> Mapping[str, int]:
        """How many partitions each service has, and each subscription, which the store knows as one."""
        return partitions_of(self.settings)

    @cached_property
    def intake(self) -> Intake:
        """Where every door ends."""
        return Intake(
            self.store,
            self.doorbell,
            services=self.settings.services,
            clock=self.clock,
            ids=new_id,
            listen=self.listen,
            blobs=self.blobs,
        )

    @cached_property
    def blobs(self) -> Blobs | None:
        """Where whole messages are kept, None where none are. Raises SecretMissing."""
        settings = self.settings.blobs
        named = settings.url.startswith("file:")
        directory = self.secrets.path(settings.url) if named else self._data / "blobs"
        return open_blobs(settings, directory=directory, secret=self.secrets.value)

    @property
    def originals(self) -> BucketOriginals:
        """Mail that providers left in buckets."""
        channels = self.settings.channels
        return BucketOriginals(
            {name: channel.buckets for name, channel in channels.items()}, self.secrets.value
        )

    @property
    def dead_letters(self) -> DeadLetters:
        """What a person can do with dead letters."""
        return DeadLetters(
            self.store,
            self.doorbell,
            partitions=self.partitions,
            clock=self.clock,
            ids=new_id,
            listen=self.listen,
        )

    def api(self, service: str) -> "OpenMediaApi":
        """Return the API of one service. Raises UnknownService."""
        from worker.api.client import OpenMediaApi  # noqa: PLC0415 - see the module's docstring

        if service not in self.settings.services:
            raise UnknownService(f"no service {service!r} is configured")
        settings = self.settings.services[service]
        key = self.secrets.reader(settings.api_key)
        return OpenMediaApi(self._connections, service, settings, api_key=key, clock=self.clock)

    @cached_property
    def crews(self) -> Mapping[str, Crew]:
        """The crew of each service and of each subscription."""
        services = {name: self._crew(self._service_desk(name)) for name in self.settings.services}
        hooks = {
            hook_service(name): self._crew(self._hook_desk(name)) for name in self.settings.subscriptions
        }
        return {**services, **hooks}

    @cached_property
    def relay(self) -> Relay:
        """What passes notices on to the subscriptions."""
        return Relay(
            self.store, self.doorbell, self._subscriptions, clock=self.clock, ids=new_id, listen=self.listen
        )

    def hook(self, name: str) -> "HookApi":
        """Return where the events of one subscription go. Raises SettingsError."""
        from worker.hooks.client import HookApi  # noqa: PLC0415 - see the module's docstring

        if name not in self.settings.subscriptions:
            known = ", ".join(sorted(self.settings.subscriptions)) or "none"
            raise SettingsError(f"no subscription {name!r} is configured; there is: {known}")
        settings = self.settings.subscriptions[name]
        return HookApi(
            self._open_connections if settings.allow_private else self._guarded_connections,
            name,
            settings,
            secrets=self.secrets.readers(settings.secrets),
            clock=self.clock,
        )

    @property
    def sweeper(self) -> Sweeper:
        """What stops interactions that went stale."""
        return Sweeper(
            self.store,
            self.intake,
            services=self.settings.services,
            channels=self.settings.channels,
            clock=self.clock,
            ids=new_id,
            listen=self.listen,
        )

    async def tick(self) -> int:
        """Ring whatever is due, and pass on what was not."""
        return await tick(
            self.store,
            self.doorbell,
            partitions=self.partitions,
            relay=self.relay.relay,
            clock=self.clock,
            listen=self.listen,
        )

    @cached_property
    def chores(self) -> Chores:
        """The upkeep of the store."""
        channels = self.settings.channels
        return Chores(
            store=self.store,
            schedule=self.settings.schedule,
            blobs=self.blobs,
            blob_retention=Retention.of(self.settings),
            pruner=Pruner(self.store, self.settings.retention, self.clock, new_id, self.listen),
            channels={
                service: [name for name, channel in channels.items() if channel.service == service]
                for service in self.settings.services
            },
            partitions=self.partitions,
            bench=self._bench,
            clock=self.clock,
            ids=new_id,
            listen=self.listen,
        )

    def looked_at(self, service: str) -> float:
        """Return when this process last looked for work of a service, in seconds of `time.monotonic`.

        On its way out it need not look any more.
        """
        if self.stopping:
            return time.monotonic()
        crews: Mapping[str, Crew] = self.__dict__.get("crews", {})
        return crews[service].looked_at if service in crews else self._began

    async def start(self) -> None:
        """Check that the store can keep a promise to this process, and warn of what weakens it.

        Raises StoreUnsafe, StoreForeign, ClockAstray, SettingsError or StoreUnavailable.
        """
        if not self.settings.store.allow_unsafe:
            await self.store.refuse_unsafe()
        await self.refuse_astray()
        doubts = await self.store.admit(self.partitions)
        for doubt in (*doubts, *await self.store.troubles(), *await self.store.weaknesses()):
            self.listen(StoreDoubtful(f"the store {doubt}"))

    async def refuse_astray(self) -> None:
        """Raise ClockAstray when the clock of this process is too far from the store's."""
        ahead_s = (await self.store.ahead(self.clock)).total_seconds()
        allowed_s = self.settings.store.clock_skew_s
        if abs(ahead_s) > allowed_s:
            way = "ahead of" if ahead_s > 0 else "behind"
            raise ClockAstray(
                f"the clock of this machine is {abs(ahead_s):.1f} s {way} the store's, and "
                f"{allowed_s:g} s are allowed (store.clock_skew_s): leases would end too early or too late. "
                "Let both follow the same time servers"
            )

    async def aclose(self) -> None:
        """Give everything back."""
        if "intake" in self.__dict__:
            await self.intake.settle()
        if "relay" in self.__dict__:
            await self.relay.settle()
        for name in ("_connections", "_open_connections", "_guarded_connections"):
            if name in self.__dict__:
                await self.__dict__[name].aclose()
        await self.store.aclose()

    @cached_property
    def _connections(self) -> "Connections":
        from worker.api.connections import Connections  # noqa: PLC0415 - see the module's docstring

        return Connections()

    @cached_property
    def _open_connections(self) -> "HookConnections":
        """To receivers that may stand anywhere."""
        return _to_receivers(in_flight=self.settings.worker.in_flight)

    @cached_property
    def _guarded_connections(self) -> "HookConnections":
        """To receivers on the public Internet; shares no connection with those that may stand anywhere."""
        return _to_receivers(in_flight=self.settings.worker.in_flight, sockets=sockets_to(is_public))

    @cached_property
    def _holds(self) -> Holds:
        return Holds(self.store)

    @property
    def _subscriptions(self) -> Subscriptions:
        return Subscriptions(self.settings.hooks)

    def _bench(self, name: str) -> Bench:
        service = self.settings.services[name]
        return Bench(
            service=name,
            store=self.store,
            api=self.api(name),
            clock=self.clock,
            ids=new_id,
            listen=self.listen,
            sleep=asyncio.sleep,
            time=time.monotonic,
            stopping=lambda: bool(self.stopping),
            policy=service.reconcile,
            place=service.base_url,
            retry=service.retry,
            every=timedelta(seconds=self.settings.schedule.reconcile_s),
            # as for a lane: longer than twice the longest call
            lease=timedelta(seconds=self.settings.worker.lease_s),
            watched=self._subscriptions.watched(name),
        )

    def _service_desk(self, name: str) -> Desk:
        service = self.settings.services[name]
        return replace(
            self._desk(name, self.api(name), service.retry, longest_call_s=service.call_timeout_s),
            mark=service.mark_prefix,
            merging=service.merge_updates,
            watched=self._subscriptions.watched(name),
            written=self.relay.soon,
            held=self._holds,
        )

    def _hook_desk(self, name: str) -> Desk:
        hook = self.settings.subscriptions[name]
        service, api = hook_service(name), self.hook(name)
        return self._desk(service, api, hook.retry, longest_call_s=hook.call_timeout_s)

    def _desk(self, name: str, api: Api, retry: RetrySettings, *, longest_call_s: float) -> Desk:
        return Desk(
            service=name,
            lanes=self.store,
            api=api,
            clock=self.clock,
            dice=random.random,
            sleep=asyncio.sleep,
            ids=new_id,
            listen=self.listen,
            stopping=self.stopping,
            retry=retry,
            lease=timedelta(seconds=self.settings.worker.lease_s),
            # a lane is taken over by whoever's clock is the earliest
            longest_call=timedelta(seconds=longest_call_s + 2 * self.settings.store.clock_skew_s),
        )

    def _crew(self, desk: Desk) -> Crew:
        worker = self.settings.worker
        pace = Pace(worker.in_flight, worker.slice_s, worker.linger_s, worker.poll_s)
        return Crew(desk, self.doorbell, pace)


def _to_receivers(*, in_flight: int, sockets: SocketMaker | None = None) -> "HookConnections":
    from worker.hooks.connections import Connections  # noqa: PLC0415 - see the module's docstring

    return Connections(in_flight=in_flight, sockets=sockets)


def read_configuration() -> tuple[Settings, Secrets]:
    """Return the settings and the secrets they refer to. Raises SettingsError. For entry points only."""
    configuration.find_running()
    path = configuration.config_path()
    return configuration.load(), Secrets(path.parent if path else Path())


def partitions_of(settings: Settings) -> Mapping[str, int]:
    """Return how many partitions each service has, and each subscription, which the store knows as one."""
    services = {name: service.partitions for name, service in settings.services.items()}
    return {**services, **dict.fromkeys(settings.hooks, 1)}


def store_url(settings: Settings, secrets: Secrets) -> str:
    """Return where the store is. Raises SettingsError when nobody said."""
    return _stated(settings.store.url, secrets, "store.url", "BRIDGE_STORE_URL")


def broker_url(settings: Settings, secrets: Secrets) -> str:
    """Return where Celery's broker is. Raises SettingsError when nobody said."""
    return _stated(settings.broker.url, secrets, "broker.url", "BRIDGE_BROKER_URL")


def _stated(written: str, secrets: Secrets, key: str, variable: str) -> str:
    if written:
        return secrets.url(written)
    raise SettingsError(
        f"{key} is not set and no bridge runs here: start one with `bridge up` (it brings a private Redis), "
        f"or set {key} in bridge.toml or {variable} in the environment"
    )
