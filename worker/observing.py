"""Observing: what listens in one process, and where that is told. Logs always; metrics and traces where set.

A process without a port for metrics counts nothing, and one without a receiver for traces does not even load
what makes them.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import structlog
from celery import Celery
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from worker.errors import SettingsError
from worker.events import Event
from worker.loop import LoopThread
from worker.ports import Listener
from worker.secrets import Secrets
from worker.settings import Settings
from worker.store.limits import Limits
from worker.store.redis import RedisStore
from worker.telemetry import logs
from worker.telemetry.celery_tasks import CeleryTasks
from worker.telemetry.endpoint import Endpoint
from worker.telemetry.gauges import Standing, StoreGauges, stand
from worker.telemetry.health import Health
from worker.telemetry.metrics import Metrics
from worker.wiring import partitions_of, store_url, utc_now

Process = Literal["intake", "worker", "beat", "console", "command"]


class Observer:
    """Everything that listens in one process; close it at the end."""

    def __init__(self, settings: Settings, secrets: Secrets, process: Process) -> None:
        """Raise SettingsError when traces are wanted, but not installed or a secret of theirs is missing."""
        self._settings = settings
        self._secrets = secrets
        self._process = process
        self._closing = contextlib.ExitStack()
        #: Where metrics are counted, None where nobody asks for them.
        self.registry = CollectorRegistry() if self._port is not None else None
        listeners: list[Listener] = [logs.listener()]
        if self.registry is not None:
            listeners.append(Metrics(self.registry, services=partitions_of(settings)))
        if settings.traces.url:
            listeners.append(self._traces())
        #: What hears of every event.
        self.listen: Listener = listeners[0] if len(listeners) == 1 else told(listeners)

    def serve(self, health: Health, celery: Celery | None = None) -> None:
        """Open the endpoint where there is a port for it; count Celery's tasks as well where it is given.

        Raises SettingsError when the port is taken.
        """
        if self.registry is None or self._port is None:
            return
        furnish(self.registry, self._settings, self._secrets, self._closing)
        if celery is not None:
            tasks = CeleryTasks(celery, self.registry)
            tasks.listen()
            self._closing.callback(tasks.close)
        endpoint = Endpoint(self._settings.metrics.host, self._port, self.registry, health)
        self._closing.callback(endpoint.close)
        structlog.get_logger().info("metrics_served", process=self._process, port=endpoint.port)

    def close(self) -> None:
        """Listen no more, and send what waits to be sent."""
        self._closing.close()

    @property
    def _port(self) -> int | None:
        metrics = self._settings.metrics
        ports: Mapping[str, int | None] = {
            "intake": metrics.intake_port,
            "worker": metrics.worker_port,
            "beat": metrics.beat_port,
            "console": metrics.console_port,
        }
        return ports.get(self._process)

    def _traces(self) -> Listener:
        settings = self._settings.traces
        try:
            from worker.telemetry import traces  # noqa: PLC0415 - a process that traces nothing does not load it
        except ImportError as error:
            raise SettingsError(
                f"traces.url is set, but {error.name or 'opentelemetry'} is not installed: "
                "install openmedia-bridge[traces]"
            ) from error
        headers = {name: self._secrets.value(reference) for name, reference in settings.headers.items()}
        listener = traces.Traces(
            traces.to_receiver(settings.url, headers), self._process, ratio=settings.ratio
        )
        self._closing.callback(listener.close)
        return listener


def told(listeners: Sequence[Listener]) -> Listener:
    """Return a listener that tells all of these."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell


def furnish(
    registry: CollectorRegistry, settings: Settings, secrets: Secrets, closing: contextlib.ExitStack
) -> None:
    """Add to a registry what every process tells: itself, and how the store stands.

    The store is read on a connection of its own, which `closing` gives back. Raises SettingsError.
    """
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(
        StoreGauges(
            _reader(settings, secrets, closing),
            channels=tuple(settings.channels),
            fresh_s=settings.metrics.fresh_s,
        )
    )


def _reader(settings: Settings, secrets: Secrets, closing: contextlib.ExitStack) -> Callable[[], Standing]:
    loop = LoopThread()
    closing.callback(loop.close)

    async def open_store() -> RedisStore:
        url = store_url(settings, secrets)
        return RedisStore.open(url, Limits.of(settings), timeout_s=settings.store.timeout_s)

    store = loop.run(open_store())
    closing.callback(lambda: loop.run(store.aclose()))
    partitions, services = partitions_of(settings), tuple(settings.services)
    return lambda: loop.run(stand(store, partitions, services, utc_now))
