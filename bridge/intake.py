"""`bridge intake`: the doors of all channels, in one event loop, until a signal says stop."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Final

import structlog
import uvloop

from connectors.base import Connector
from connectors.hosts import http, http_server, smtp_server
from connectors.registry import build
from worker.app import app as celery
from worker.errors import StoreUnavailable
from worker.secrets import Secrets
from worker.settings import Settings
from worker.telemetry import logs
from worker.wiring import Bridge, new_id, read_configuration

#: How long a starting intake waits for its store before it gives up, to be started again.
_STORE_PATIENCE_S: Final = 60.0
_STOP: Final = (signal.SIGINT, signal.SIGTERM)


def run() -> None:
    """Run until SIGINT or SIGTERM. Raises BridgeError when it cannot begin."""
    settings, secrets = read_configuration()
    logs.configure(settings.log_format, settings.log_level)
    channels = connectors_of(settings, secrets)
    uvloop.run(_serve(settings, secrets, channels))


def connectors_of(settings: Settings, secrets: Secrets) -> dict[str, Connector]:
    """Return the connector of every channel. Raises SettingsError."""
    return {
        name: build(name, channel, secrets.readers(channel.secrets))
        for name, channel in settings.channels.items()
    }


async def _serve(settings: Settings, secrets: Secrets, channels: Mapping[str, Connector]) -> None:
    stopped = asyncio.Event()
    for number in _STOP:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    bridge = Bridge(settings, secrets, celery, logs.listener())
    async with contextlib.aclosing(bridge):
        stopping = asyncio.create_task(stopped.wait())
        waiting = asyncio.create_task(_await_store(bridge))
        await asyncio.wait((stopping, waiting), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            await waiting
            async with _doors(bridge, channels):
                await stopping
        waiting.cancel()
        stopping.cancel()


@contextlib.asynccontextmanager
async def _doors(bridge: Bridge, channels: Mapping[str, Connector]) -> AsyncIterator[None]:
    """Keep the doors open; at the end, what is on its way through them is answered first."""
    door, settings = bridge.intake, bridge.settings
    application = http.create_app(
        channels, door=door, clock=bridge.clock, ids=new_id, settings=settings.http, ready=bridge.store.ping
    )
    web = await http_server.serve(application, settings.http.host, settings.http.port)
    try:
        mail = await smtp_server.start(
            channels, door=door, clock=bridge.clock, ids=new_id, settings=settings.smtp
        )
        try:
            yield
        finally:
            await mail.stop()
    finally:
        await web.stop()


async def _await_store(bridge: Bridge) -> None:
    deadline = asyncio.get_running_loop().time() + _STORE_PATIENCE_S
    while True:
        try:
            return await bridge.start()
        except StoreUnavailable as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            structlog.get_logger().warning("store_awaited", reason=str(error))
            await asyncio.sleep(1)
