"""The application: the door, the pages and the admin API behind one guard. Put together here."""

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from console.accounts import Accounts
from console.accounts import check as check_accounts
from console.actions import Actions
from console.api.app import create_api
from console.api.clients import clients_of
from console.door import Door
from console.guard import Guard, Page, routes, without_store
from console.passwords import Verifier
from console.provider import Provider
from console.site import Site
from console.views import say
from console.visitors import Visitors
from worker.errors import StoreUnavailable

_ASSETS: Final = Path(__file__).parent / "assets"


def create_app(actions: Actions, pages: Iterable[Page] = ()) -> ASGIApp:
    """Return the console of one bridge. Raises SettingsError where its settings would let strangers in.

    Pages find `actions` in `request.app.state`, and who asks in `request.state.person`.
    """
    bridge = actions.bridge
    settings = bridge.settings.console
    site = Site.of(settings)
    check_accounts(settings, bridge.secrets)
    visitors = Visitors(bridge.store, settings, bridge.secrets, bridge.clock)
    door = Door(
        site,
        visitors,
        Accounts(visitors, Verifier()),
        Provider(settings.oidc, bridge.secrets) if settings.oidc else None,
        actions.recorder,
    )
    found: list[BaseRoute] = [
        *door.routes(),
        *routes(pages),
        Mount("/assets", StaticFiles(directory=_ASSETS)),
        Route("/livez", _lives),
        Route("/readyz", _ready),
    ]
    handlers = {HTTPException: _explain, StoreUnavailable: _without_store}
    app = Starlette(routes=found, exception_handlers=handlers)
    app.state.actions = actions
    api = create_api(actions, clients_of(settings, bridge.secrets))
    return Guard(app, api, site, visitors)


async def _lives(_: Request) -> Response:
    return PlainTextResponse("lives")


async def _ready(request: Request) -> Response:
    actions: Actions = request.app.state.actions
    await actions.bridge.store.ping()
    return PlainTextResponse("ready")


async def _without_store(_: Request, error: Exception) -> Response:
    return without_store(error)


async def _explain(_: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return say(HTTPStatus.METHOD_NOT_ALLOWED, "This page cannot be asked for in this way.")
    return say(HTTPStatus.NOT_FOUND, "There is no such page.")
