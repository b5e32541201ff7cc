"""Guarded routes: where a request is looked at before FastAPI reads its body, for every API of the bridge."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from connectors.hosts.commands.problems import MALFORMED, Problem

Handle = Callable[[Request], Awaitable[Response]]


class AnyGuard(Protocol):
    """Stands before every operation of an API."""

    async def answer(self, request: Request, handle: Handle) -> Response:
        """Answer a request, by `handle` if it may be asked."""


def guarded(guard: AnyGuard) -> type[APIRoute]:
    """Return the kind of route that stands behind a guard."""

    class Guarded(APIRoute):
        """Where FastAPI lets a request be looked at before it reads the body itself."""

        def get_route_handler(self) -> Any:  # noqa: ANN401 - FastAPI's signature
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                return await guard.answer(request, handle)

            return answer

    return Guarded


def decoded(segment: str) -> str:
    """Return one percent-decoded segment of the path. Raises Problem."""
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise Problem(MALFORMED, "The path is not UTF-8 beneath its percent-encoding.") from None
