"""The admin API's application. Routed by the path as it was sent: an external id may hold a slash."""

import functools

import orjson
from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from connectors.hosts.commands.app import CommandApi
from connectors.hosts.commands.guarded import guarded
from connectors.hosts.commands.problems import Problem
from console.actions import Actions
from console.api import description
from console.api.clients import Clients
from console.api.desk import Desk
from console.api.guard import Guard
from console.api.operations import add_letter_acts, add_service_acts, add_sweep_acts
from console.api.problems import KINDS, NOT_FOUND, TYPES, WRONG_METHOD
from console.api.questions import add_letter_questions, add_questions


def create_api(actions: Actions, clients: Clients) -> ASGIApp:
    """Return the admin API of one bridge: everything beneath `/admin/`."""
    app = FastAPI(
        title=description.TITLE,
        version=description.VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _explain},
    )
    router = APIRouter(prefix="/admin/v1", route_class=guarded(Guard(clients)))
    desk = Desk(actions)
    add_questions(router, desk, actions)
    add_letter_questions(router, desk)
    add_letter_acts(router, actions)
    add_service_acts(router, actions)
    add_sweep_acts(router, actions)
    app.include_router(router)

    @functools.cache
    def described() -> bytes:
        return orjson.dumps(description.describe(app))

    async def openapi(_: Request) -> Response:
        return Response(described(), media_type="application/json")

    app.router.add_route("/admin/openapi.json", openapi, include_in_schema=False)
    app.router.add_route(TYPES + "{name}", _problem, include_in_schema=False)
    return CommandApi(app)


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
        return Problem(WRONG_METHOD, "This path takes other methods.", headers=error.headers).response()
    return Problem(NOT_FOUND, "The path leads nowhere.").response()
