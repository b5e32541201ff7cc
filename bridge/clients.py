"""Clients: who may use the command API, and the way to it beside the doors for webhooks."""

from collections.abc import Mapping, Sequence

from starlette.routing import BaseRoute

from connectors.answering import Answering
from connectors.base import Connector
from connectors.hosts.commands import keys
from connectors.hosts.commands.keys import Client
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge, new_id


def clients_of(settings: Settings, secrets: Secrets) -> tuple[Client, ...]:
    """Return every client. Raises SettingsError for keys that are missing or not fit for use."""
    clients = tuple(
        Client(name, frozenset(each.services), secrets.readers(each.keys))
        for name, each in settings.clients.items()
    )
    keys.check(clients)
    return clients


def command_routes(
    bridge: Bridge, clients: Sequence[Client], channels: Mapping[str, Connector]
) -> tuple[BaseRoute, ...]:
    """Return the routes of the command API; without clients there is none."""
    if not clients:
        return ()
    # A fifth of what a starting door imports, which most doors have no use for.
    from connectors.hosts.commands.app import create_app, routes  # noqa: PLC0415 - see above

    commands = create_app(
        clients,
        door=bridge.intake,
        ledger=bridge.store,
        api=bridge.api,
        clock=bridge.clock,
        ids=new_id,
        settings=bridge.settings.http,
        mail={name: each for name, each in channels.items() if isinstance(each, Answering)},
    )
    return routes(commands)
