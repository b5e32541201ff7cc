"""Wiring: the one place where adapters and use cases meet. Builds what a process needs, and gives it back."""

import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from celery import Celery

from worker import configuration
from worker.api.client import OpenMediaApi
from worker.api.connections import Connections
from worker.deadletters import DeadLetters
from worker.doorbell import CeleryDoorbell
from worker.drain.crew import Crew, Pace
from worker.drain.desk import Desk, Stopping
from worker.errors import SettingsError, UnknownService
from worker.events import StoreDoubtful
from worker.intake import Intake
from worker.ports import Clock, Listener
from worker.secrets import Secrets
from worker.settings import Settings
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.tick import tick


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return a new unique id: 32 hex digits, also fit for a trace."""
    return uuid.uuid4().hex


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
    ) -> None:
        self.settings = settings
        self.secrets = secrets
        self.listen = listen
        self.clock = clock
        self.stopping = Stopping()
        self.doorbell = CeleryDoorbell(celery, listen)
        self.store = RedisStore.open(
            store_url(settings, secrets), Limits.of(settings), timeout_s=settings.store.timeout_s
        )

    @property
    def partitions(self) -> Mapping[str, int]:
        """How many partitions each service has."""
        return {name: service.partitions for name, service in self.settings.services.items()}

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

    def api(self, service: str) -> OpenMediaApi:
        """Return the API of one service. Raises UnknownService."""
        if service not in self.settings.services:
            raise UnknownService(f"no service {service!r} is configured")
        settings = self.settings.services[service]
        key = self.secrets.reader(settings.api_key)
        return OpenMediaApi(self._connections, service, settings, api_key=key, clock=self.clock)

    @cached_property
    def crews(self) -> Mapping[str, Crew]:
        """The crew of each service."""
        return {name: self._crew(name) for name in self.settings.services}

    async def tick(self) -> int:
        """Ring whatever is due."""
        return await tick(self.store, self.doorbell, partitions=self.partitions, clock=self.clock)

    async def start(self) -> None:
        """Check that the store can keep a promise, and warn of what weakens it.

        Raises StoreUnsafe or StoreUnavailable.
        """
        if not self.settings.store.allow_unsafe:
            await self.store.refuse_unsafe()
        for doubt in (*await self.store.troubles(), *await self.store.weaknesses()):
            self.listen(StoreDoubtful(f"the store {doubt}"))

    async def aclose(self) -> None:
        """Give everything back."""
        if "intake" in self.__dict__:
            await self.intake.settle()
        if "_connections" in self.__dict__:
            await self._connections.aclose()
        await self.store.aclose()

    @cached_property
    def _connections(self) -> Connections:
        services = max(len(self.settings.services), 1)
        return Connections(in_flight=self.settings.worker.in_flight * services)

    def _crew(self, name: str) -> Crew:
        worker, service = self.settings.worker, self.settings.services[name]
        desk = Desk(
            service=name,
            lanes=self.store,
            api=self.api(name),
            clock=self.clock,
            dice=random.random,
            ids=new_id,
            listen=self.listen,
            stopping=self.stopping,
            retry=service.retry,
            mark=service.mark_prefix,
            lease=timedelta(seconds=worker.lease_s),
            longest_call=timedelta(seconds=service.call_timeout_s),
            merging=service.merge_updates,
        )
        pace = Pace(worker.in_flight, worker.slice_s, worker.linger_s, worker.poll_s)
        return Crew(desk, self.doorbell, pace)


def read_configuration() -> tuple[Settings, Secrets]:
    """Return the settings and the secrets they refer to. Raises SettingsError. For entry points only."""
    configuration.find_running()
    path = configuration.config_path()
    return configuration.load(), Secrets(path.parent if path else Path())


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
