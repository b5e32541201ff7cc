"""The HTTP host: `POST /channels/{channel}`, and whether the process lives and is ready.

Errors are problem details (RFC 9457). A sender sees neither a stack trace nor a 500.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.base import Connector, Delivery
from connectors.headers import Headers
from connectors.hosts.answers import HttpAnswer, http_answer, problem
from connectors.hosts.body import DEADLINE_S, Gone, TooLarge, TooSlow, read_body
from connectors.reception import receive
from connectors.trace import sent_trace
from worker.ports import Clock, Door, Ids
from worker.settings import HttpSettings

_log: Any = structlog.get_logger()

#: Returns when the process can accept deliveries, and raises otherwise.
Ready = Callable[[], Awaitable[None]]

_UNAVAILABLE = problem(503, "The bridge cannot accept this now; send it again later.")


def create_app(
    channels: Mapping[str, Connector],
    *,
    door: Door,
    clock: Clock,
    ids: Ids,
    settings: HttpSettings,
    ready: Ready,
) -> Starlette:
    """Return the application; of the channels it serves those whose connector is fed by HTTP."""
    served = {name: each for name, each in channels.items() if "http" in each.hosts}
    reception = _Reception(served, door, clock, ids, settings.max_body_bytes)

    async def livez(_: Request) -> Response:
        return _response(HttpAnswer(200, b'{"status":"live"}'))

    async def readyz(_: Request) -> Response:
        try:
            await ready()
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "not ready"
            _log.warning("not_ready", reason=type(error).__name__)
            return _response(problem(503, "The bridge is not ready to accept deliveries."))
        return _response(HttpAnswer(200, b'{"status":"ready"}'))

    app = Starlette(
        routes=[
            Route("/channels/{channel}", reception, methods=["POST"]),
            Route("/livez", livez),
            Route("/readyz", readyz),
        ],
        exception_handlers={HTTPException: _explain, Exception: _excuse},
    )
    # A redirected POST would be sent twice by some senders and never by others.
    app.router.redirect_slashes = False
    return app


class _Reception:
    """The endpoint of all channels, as a bare ASGI application: it is the hot path."""

    def __init__(
        self, channels: Mapping[str, Connector], door: Door, clock: Clock, ids: Ids, limit: int
    ) -> None:
        self._channels = channels
        self._door = door
        self._clock = clock
        self._ids = ids
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except Gone:
            return
        except TooLarge:
            answer = _closing(problem(413, f"A delivery may have up to {self._limit} bytes."))
        except TooSlow:
            answer = _closing(problem(408, "The delivery did not arrive in time."))
        except Exception:  # noqa: BLE001 - a sender never sees our faults: it comes again
            _log.exception("delivery_failed", channel=scope["path_params"]["channel"])
            answer = _UNAVAILABLE
        await _send(answer, send)

    async def _answer(self, scope: Scope, read: Receive) -> HttpAnswer:
        connector = self._channels.get(scope["path_params"]["channel"])
        if connector is None:
            return problem(404, "There is no such channel here.")
        headers = Headers(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        )
        body = await read_body(read, announced=_announced(headers), limit=self._limit, deadline_s=DEADLINE_S)
        client = scope.get("client")
        delivery = Delivery(
            channel=connector.channel,
            headers=headers,
            body=body,
            arrived_at=self._clock(),
            peer=client[0] if client else "",
            trace_id=sent_trace(headers) or self._ids(),
        )
        return http_answer(await receive(connector, delivery, self._door))


def _announced(headers: Headers) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def _closing(answer: HttpAnswer) -> HttpAnswer:
    """Return an answer after which the connection ends, because its body was not read."""
    headers = (*answer.headers, ("Connection", "close"))
    return HttpAnswer(answer.status, answer.body, answer.content_type, headers)


async def _send(answer: HttpAnswer, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        *((name.lower().encode(), value.encode()) for name, value in answer.headers),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _response(answer: HttpAnswer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), answer.content_type)


async def _explain(_: Request, error: Any) -> Response:  # noqa: ANN401 - an HTTPException; Starlette says Exception
    """Answer what the router refuses: an unknown path, a wrong method."""
    answer = problem(error.status_code, error.detail)
    return Response(answer.body, answer.status, error.headers, answer.content_type)


async def _excuse(_: Request, error: Exception) -> Response:  # noqa: ARG001 - the handler's signature
    return _response(_UNAVAILABLE)
