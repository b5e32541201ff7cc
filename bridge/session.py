"""The session: one command's connection to the bridge, from the settings to the last ring."""

import contextlib
from collections.abc import AsyncIterator
from typing import Literal

from worker.app import app
from worker.errors import UnknownService
from worker.observing import Observer
from worker.secrets import Secrets
from worker.settings import Settings
from worker.telemetry import logs
from worker.wiring import Bridge, read_configuration

Level = Literal["warning", "error"]


def configured(level: Level = "warning") -> tuple[Settings, Secrets]:
    """Return the settings of the bridge that is meant, its secrets, and log from `level` on.

    For entry points only. Raises SettingsError.
    """
    settings, secrets = read_configuration()
    logs.configure(settings.log_format, level)
    return settings, secrets


@contextlib.asynccontextmanager
async def wired(settings: Settings, secrets: Secrets) -> AsyncIterator[Bridge]:
    """Give a bridge of these settings, and take it back with its rings sent. Raises SettingsError."""
    observer = Observer(settings, secrets, "command")
    with contextlib.closing(observer):
        bridge = Bridge(settings, secrets, app, observer.listen)
        async with contextlib.aclosing(bridge):
            yield bridge


@contextlib.asynccontextmanager
async def session(service: str = "", *, level: Level = "warning") -> AsyncIterator[Bridge]:
    """Give the bridge that is meant, and log from `level` on. For entry points only.

    Raises SettingsError, or UnknownService when it has no such service.
    """
    async with wired(*configured(level)) as bridge:
        if service:
            require(bridge, service)
        yield bridge


def require(bridge: Bridge, service: str) -> None:
    """Raise UnknownService unless the service is configured."""
    if service not in bridge.partitions:
        known = ", ".join(sorted(bridge.partitions)) or "none"
        raise UnknownService(f"no service {service!r} is configured; there is: {known}")
