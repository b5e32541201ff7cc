"""The server: the console on a port of its own, behind the same careful entrance as webhooks."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import structlog

from connectors.hosts import http_server
from connectors.hosts.rejections import Rejections
from console.actions import Actions
from console.app import create_app
from console.guard import Page
from worker.console_settings import ConsoleSettings
from worker.settings import HttpSettings
from worker.wiring import Bridge

_log: Any = structlog.get_logger()


@contextlib.asynccontextmanager
async def serving(bridge: Bridge, pages: Iterable[Page] = ()) -> AsyncIterator[int]:
    """Serve the console of a bridge, and give the port it has. Raises SettingsError."""
    settings = bridge.settings.console
    actions = Actions(bridge)
    app = create_app(actions, pages)
    rejections = Rejections(bridge.intake, time.monotonic)
    server = await http_server.serve(app, _door(settings), rejections)
    try:
        _announce(settings, server.port)
        yield server.port
    finally:
        await actions.aclose()
        await server.stop()


def _announce(settings: ConsoleSettings, port: int) -> None:
    """Say where it is, and aloud if whoever reaches it may do everything."""
    where = f"{settings.host} port {port}"
    if settings.knows_people:
        _log.info("console_open", where=where, people="log in")
    else:
        _log.warning(
            "console_open_without_login",
            where=where,
            people="whoever works on this machine is admin 'local'",
            to_change="name people in [console.accounts.NAME] or set [console.oidc]",
        )


def _door(settings: ConsoleSettings) -> HttpSettings:
    return HttpSettings(host=settings.host, port=settings.port)
