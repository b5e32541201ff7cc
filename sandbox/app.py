"""Puts a sandbox together: one function from settings to an ASGI application."""

import contextlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from sandbox import description
from sandbox.answer import encode
from sandbox.control import control
from sandbox.door import Door
from sandbox.moment import Clock, utc_now
from sandbox.outage import Listener, Outage
from sandbox.page import page
from sandbox.patience import Patience
from sandbox.settings import Settings
from sandbox.world import World


def create_app(
    settings: Settings | None = None,
    *,
    now: Callable[[], datetime] = utc_now,
    dice: random.Random | None = None,
    patience: Patience | None = None,
    listener: Listener | None = None,
) -> ASGIApp:
    """Build a sandbox, for a server, which gives its `listener`, or for an in-process client.

    The door stands in front of FastAPI rather than among its middleware: load tests pay for every layer.
    """
    chosen = settings or Settings()
    rolled = dice or random.Random(chosen.seed)  # noqa: S311  # ids and dice of a stand-in; a seed must repeat them
    world = World(chosen, Clock(now), rolled)
    waits = patience or Patience()
    # under a server it is real, and lasts by the machine's clock however the API's is turned meanwhile
    outage = Outage(now if listener else world.clock, waits, listener)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        world.close()

    # FastAPI's own documentation pages load scripts from elsewhere; the description alone is served
    app = FastAPI(title="Open Media sandbox", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.include_router(control(world, outage))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it

    @app.get("/", response_class=HTMLResponse)
    async def read_page() -> HTMLResponse:
        """What the sandbox holds and did lately."""
        return HTMLResponse(page(world))

    return Door(app, world, waits, outage)


async def _invalid(_request: Request, error: Exception) -> Response:
    # FastAPI's own handler repeats the input, and fails where that holds text or numbers JSON cannot carry
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [{name: one[name] for name in ("loc", "msg", "type")} for one in errors]
    return Response(encode({"detail": detail}), status_code=422, media_type="application/json")


def _describe(app: FastAPI) -> dict[str, Any]:
    if not app.openapi_schema:
        schema = get_openapi(
            title=app.title, version=app.version, description=description.INTRODUCTION, routes=app.routes
        )
        schema["paths"] = description.paths() | schema["paths"]
        components = schema.setdefault("components", {})
        components["schemas"] = description.SCHEMAS | components.get("schemas", {})
        components["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "x-api-key"}}
        app.openapi_schema = schema
    return app.openapi_schema
