"""The HTTP host: webhooks at `/channels/{channel}`, and whether the process lives and is ready.

Errors are problem details (RFC 9457). A sender sees neither a stack trace nor a 500.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.base import Connector
from connectors.hosts.answers import HttpAnswer, problem
from connectors.hosts.rejections import Rejections
from connectors.hosts.webhooks import PREFIX, UNAVAILABLE, Served, Webhooks
from connectors.reception import AT_HOME, Errands, never
from worker.ports import Clock, Door, Ids
from worker.settings import ChannelSettings, HttpSettings

_log: Any = structlog.get_logger()

#: Returns when the process can accept deliveries, and raises otherwise.
Ready = Callable[[], Awaitable[None]]


def create_app(
    channels: Mapping[str, Connector],
    *,
    door: Door,
    clock: Clock,
    ids: Ids,
    settings: HttpSettings,
    ready: Ready,
    limits: Mapping[str, ChannelSettings] | None = None,
    errands: Errands = AT_HOME,
    is_paused: Callable[[str], bool] = never,
    rejections: Rejections | None = None,
    beside: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Return the application; of the channels it serves those whose connector is fed by HTTP.

    Args:
        channels: The connector of each channel.
        door: Where commands and letters go.
        clock: Dates the deliveries.
        ids: Makes trace ids.
        settings: What the door takes.
        ready: Says whether the process can accept deliveries.
        limits: What each channel takes, where that differs.
        errands: What is done outside for a connector.
        is_paused: Says whether a person paused a channel.
        rejections: Hears what is turned away; made here where nobody else uses it.
        beside: The routes of other applications that share the server.
    """
    webhooks = Webhooks(
        {
            name: Served.of(each, (limits or {}).get(name), settings, time.monotonic)
            for name, each in channels.items()
            if "http" in each.hosts
        },
        door=door,
        clock=clock,
        ids=ids,
        settings=settings,
        rejections=rejections or Rejections(door, time.monotonic),
        errands=errands,
        is_paused=is_paused,
    )
    rest = Starlette(
        routes=[*_probes(ready), *beside],
        exception_handlers={HTTPException: _explain, Exception: _excuse},
    )
    # A redirected POST would be sent twice by some senders and never by others.
    rest.router.redirect_slashes = False

    def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Deliveries are the hot path: they go past the router.
        return (webhooks if scope["path"].startswith(PREFIX) else rest)(scope, receive, send)

    return app


def _probes(ready: Ready) -> list[Route]:
    async def livez(_: Request) -> Response:
        return _response(HttpAnswer(200, b'{"status":"live"}'))

    async def readyz(_: Request) -> Response:
        try:
            await ready()
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not ready"
            _log.warning("not_ready", reason=type(error).__name__)
            return _response(problem(503, "The bridge is not ready to accept deliveries."))
        return _response(HttpAnswer(200, b'{"status":"ready"}'))

    return [Route("/livez", livez), Route("/readyz", readyz)]


def _response(answer: HttpAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), answer.content_type)


async def _explain(_: Request, error: Any) -> Response:  # noqa: ANN401 - an HTTPException; Starlette says Exception
    """Answer what the router refuses: an unknown path, a wrong method."""
    answer = problem(error.status_code, error.detail)
    return Response(answer.body, answer.status, error.headers, answer.content_type)


async def _excuse(_: Request, error: Exception) -> Response:  # noqa: ARG001 - the handler's signature
    return _response(UNAVAILABLE)
