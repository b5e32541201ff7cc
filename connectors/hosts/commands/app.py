"""The application: six operations, their description and its page. Put together here, on FastAPI.

Starlette routes by the decoded path, in which an external id's `%2F` has become a slash. So the router is
given the path as it was sent, and each parameter is decoded by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.answering import Answering
from connectors.hosts.commands import description, page
from connectors.hosts.commands.desk import Desk
from connectors.hosts.commands.guard import Guard
from connectors.hosts.commands.guarded import guarded
from connectors.hosts.commands.keys import Client
from connectors.hosts.commands.operations import add_operations
from connectors.hosts.commands.problems import KINDS, NOT_FOUND, TYPES, WRONG_METHOD, Problem
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
    # FastAPI's own pages load scripts from elsewhere.
    app = FastAPI(
        title=description.TITLE,
        version=description.VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _explain},
    )
    app.router.route_class = guarded(guard)
    add_operations(app, desk)
    described = orjson.dumps(description.describe(app))

    async def openapi(_: Request) -> Response:
        return Response(described, media_type="application/json")

    app.router.add_route("/openapi.json", openapi, include_in_schema=False)
    app.router.add_route(TYPES + "{name}", _problem, include_in_schema=False)
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


async def _problem(request: Request) -> Response:
    """Explain a type of problem: where `type` leads."""
    kind = KINDS.get(request.path_params["name"])
    if kind is None:
        return Problem(NOT_FOUND, "There is no such type of problem.").response()
    explained = {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}
    return Response(orjson.dumps(explained), media_type="application/json")


async def _explain(_: Request, error: Exception) -> Response:
    """Answer what the router refuses: an unknown path, a wrong method."""
    if isinstance(error, HTTPException) and error.status_code == WRONG_METHOD.status:
        told = "This path takes other methods."
        return Problem(WRONG_METHOD, told, headers=error.headers).response()
    return Problem(NOT_FOUND, "The path leads nowhere.").response()
