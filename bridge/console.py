"""`bridge console`: the operations console and the admin API, until a signal says stop."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from typing import Final

import uvloop

from bridge.findings import Finding, ok, problem
from bridge.store_wait import await_store
from console import accounts, site
from console.api.clients import clients_of
from console.pages.table import PAGES
from console.server import serving
from worker.app import app as celery
from worker.errors import SettingsError
from worker.observing import Observer
from worker.secrets import Secrets
from worker.settings import Settings
from worker.telemetry import logs
from worker.telemetry.health import loop_health
from worker.wiring import Bridge, read_configuration

_STOP: Final = (signal.SIGINT, signal.SIGTERM)


def run() -> None:
    """Serve the console until SIGINT or SIGTERM. Raises BridgeError when it cannot begin."""
    settings, secrets = read_configuration()
    logs.configure(settings.log_format, settings.log_level)
    check(settings, secrets)
    uvloop.run(_serve(settings, secrets))


def check(settings: Settings, secrets: Secrets) -> None:
    """Refuse settings with which the console would not start. Raises SettingsError."""
    site.check(settings.console)
    accounts.check(settings.console, secrets)
    clients_of(settings.console, secrets)


def stated(settings: Settings, secrets: Secrets) -> Iterator[Finding]:
    """Return what the settings say of the console. Part of `bridge check`."""
    try:
        check(settings, secrets)
    except SettingsError as error:
        yield problem("console", str(error))
    else:
        who = "people log in" if settings.console.knows_people else "whoever works here is admin 'local'"
        yield ok("console", f"{settings.console.host} port {settings.console.port}: {who}")


async def _serve(settings: Settings, secrets: Secrets) -> None:
    stopped = asyncio.Event()
    for number in _STOP:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    observer = Observer(settings, secrets, "console")
    bridge = Bridge(settings, secrets, celery, observer.listen)
    async with contextlib.aclosing(bridge):
        if await await_store(bridge, stopped):
            async with serving(bridge, PAGES):
                loop = asyncio.get_running_loop()
                observer.serve(loop_health(loop, bridge.store.ping, leaving=stopped.is_set), celery)
                await stopped.wait()
    await asyncio.to_thread(observer.close)
