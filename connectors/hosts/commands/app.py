"""The application: six operations, their description and its page. Put together here, on FastAPI.

Starlette routes by the decoded path, in which an external id's `%2F` has become a slash. So the router is
given the path as it was sent, and each parameter is decoded by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.answering import Answering
from connectors.hosts.commands import description, page
from connectors.hosts.commands.desk import Desk
from connectors.hosts.commands.frame import add_description, add_problems, framed
from connectors.hosts.commands.guard import Guard
from connectors.hosts.commands.guarded import guarded
from connectors.hosts.commands.keys import Client
from connectors.hosts.commands.operations import add_operations
from connectors.hosts.commands.problems import KINDS, TYPES
from connectors.hosts.commands.waiting import WaitingRoom
from worker.ports import Api, Clock, Door, Ids, Ledger
from worker.settings import HttpSettings


def create_app(
    clients: Sequence[Client],
    *,
    door: Door,
    ledger: Ledger,
    api: Callable[[str], Api],
    clock: Clock,
    ids: Ids,
    settings: HttpSettings,
    mail: Mapping[str, Answering] | None = None,
) -> "CommandApi":
    """Return the application; `mail` are the channels by which replies to sent mail come."""
    guard = Guard(clients, door, ids=ids, settings=settings)
    room = WaitingRoom(ledger, seats=settings.max_waiting)
    desk = Desk(
        door=door,
        ledger=ledger,
        api=api,
        clock=clock,
        room=room,
        longest_wait_s=settings.longest_wait_s,
        mail=mail or {},
    )
    app = framed(description.TITLE, description.VERSION, KINDS)
    app.router.route_class = guarded(guard)
    add_operations(app, desk)
    add_description(app, "/openapi.json", description.describe)
    add_problems(app, TYPES, KINDS)
    page.add_page(app)
    return CommandApi(app)


def routes(commands: "CommandApi") -> tuple[BaseRoute, ...]:
    """Return the routes by which the HTTP host leads to the command API."""
    return (
        Mount("/v1", commands),
        Route("/openapi.json", commands),
        Route("/docs", commands),
        Mount("/docs", commands),
    )


class CommandApi:
    """The application behind a router that may have decoded the path already: it goes by what was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        sent = scope.get("raw_path") or quote(scope["path"]).encode()
        await self._app({**scope, "path": sent.decode("ascii", "replace"), "root_path": ""}, receive, send)
