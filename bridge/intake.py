"""`bridge intake`: the doors of all channels, in one event loop, until a signal says stop."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from bridge.clients import clients_of, command_routes
from bridge.links import mail_routes
from bridge.mail_doors import DOORS, Door, mail_doors
from bridge.pauses import PauseWatch
from bridge.store_wait import await_store
from connectors.base import Connector, Evidence
from connectors.hosts import http, http_server
from connectors.hosts.commands.keys import Client
from connectors.hosts.errands import Errands
from connectors.hosts.evidence import FetchedEvidence
from connectors.hosts.fetch import Fetcher
from connectors.hosts.rejections import Rejections
from connectors.registry import build
from console.links import links_of
from worker.app import app as celery
from worker.collector import leave_alone_what_stays
from worker.observing import Observer
from worker.secrets import Secrets
from worker.settings import Settings
from worker.telemetry import logs
from worker.telemetry.health import loop_health
from worker.wiring import Bridge, new_id, read_configuration

_STOP: Final = (signal.SIGINT, signal.SIGTERM)


def run(doors: frozenset[Door] = frozenset(DOORS), *, ready_file: Path | None = None) -> None:
    """Open these doors, and run until SIGINT or SIGTERM. Raises BridgeError when it cannot begin.

    `ready_file` is made once all doors are open.
    """
    settings, secrets = read_configuration()
    logs.configure(settings.log_format, settings.log_level)
    fetcher = Fetcher()
    evidence = FetchedEvidence(fetcher)
    channels = connectors_of(settings, secrets, evidence)
    clients = clients_of(settings, secrets)
    senders = _Senders(channels, clients, fetcher, evidence)
    opened = ready_file.touch if ready_file else lambda: None
    uvloop.run(_serve(settings, secrets, senders, doors, opened))


def connectors_of(settings: Settings, secrets: Secrets, evidence: Evidence) -> dict[str, Connector]:
    """Return the connector of every channel. Raises SettingsError."""
    links = links_of(settings, secrets)
    return {
        name: build(name, channel, secrets.readers(channel.secrets), evidence, links=links)
        for name, channel in settings.channels.items()
    }


@dataclass(frozen=True, slots=True)
class _Senders:
    """Who may send, and what is fetched to believe them."""

    channels: Mapping[str, Connector]
    clients: Sequence[Client]
    fetcher: Fetcher
    evidence: FetchedEvidence


async def _serve(
    settings: Settings,
    secrets: Secrets,
    senders: _Senders,
    doors: frozenset[Door],
    opened: Callable[[], None],
) -> None:
    stopped = asyncio.Event()
    for number in _STOP:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    observer = Observer(settings, secrets, "intake")
    bridge = Bridge(settings, secrets, celery, observer.listen)
    async with contextlib.aclosing(bridge):
        if await await_store(bridge, stopped):
            leave_alone_what_stays()
            async with _doors(bridge, senders, doors):
                health = loop_health(asyncio.get_running_loop(), bridge.store.ping, leaving=stopped.is_set)
                observer.serve(health, celery)
                opened()
                await stopped.wait()
    await asyncio.to_thread(observer.close)


@contextlib.asynccontextmanager
async def _doors(bridge: Bridge, senders: _Senders, doors: frozenset[Door]) -> AsyncIterator[None]:
    """Keep the doors open; at the end, what is on its way through them is answered first."""
    errands = Errands(senders.fetcher, senders.evidence, bridge.originals)
    pauses = PauseWatch(bridge.store)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(senders.fetcher.aclose)
        stack.push_async_callback(errands.aclose)
        await stack.enter_async_context(pauses.watching())
        # Mail first: once the web's probes answer, every door is open.
        await stack.enter_async_context(mail_doors(bridge, senders.channels, pauses.is_paused, doors))
        if "http" in doors:
            web = await _open_web(bridge, senders, errands, pauses)
            stack.push_async_callback(web.stop)
        yield


async def _open_web(
    bridge: Bridge, senders: _Senders, errands: Errands, pauses: PauseWatch
) -> http_server.HttpServer:
    settings = bridge.settings
    rejections = Rejections(bridge.intake, time.monotonic)
    application = http.create_app(
        senders.channels,
        door=bridge.intake,
        clock=bridge.clock,
        ids=new_id,
        settings=settings.http,
        ready=bridge.store.ping,
        limits=settings.channels,
        errands=errands,
        is_paused=pauses.is_paused,
        rejections=rejections,
        beside=(*command_routes(bridge, senders.clients, senders.channels), *mail_routes(bridge)),
    )
    return await http_server.serve(application, settings.http, rejections)
