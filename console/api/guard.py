"""The guard of the admin API: who asks, how much they send, and where what goes wrong is told."""

from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from connectors.hosts.body import Gone, read_body
from connectors.hosts.commands import document
from connectors.hosts.commands.guarded import Handle, decoded
from connectors.hosts.commands.problems import Problem
from console.api.clients import Clients
from console.api.problems import TOO_SLOW, UNAVAILABLE, explain
from console.people import Person

_log: Any = structlog.get_logger()

_BODY_LIMIT: Final = 1024 * 1024
_BODY_S: Final = 10.0


class Asked(Request):
    """A request whose sender is known and whose body was read."""

    def __init__(self, request: Request, *, by: Person, body: bytes, content: dict[str, Any] | None) -> None:
        super().__init__(request.scope, request.receive)
        self.by = by
        self._bytes = body
        self._content = content

    async def body(self) -> bytes:
        """Return the bytes that were read."""
        return self._bytes

    async def json(self) -> Any:  # noqa: ANN401 - Starlette's signature
        """Return the document that they hold, None where there are none."""
        return self._content


class Guard:
    """Stands before every operation of the admin API."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def answer(self, request: Request, handle: Handle) -> Response:
        """Answer a request, by `handle` if it may be asked."""
        try:
            response = await handle(await self._admit(request))
        except Gone:
            return Response(status_code=TOO_SLOW.status)  # nobody is there to read it
        except Exception as error:  # noqa: BLE001 - a caller never sees our faults
            problem = explain(error)
            if problem is None:
                _log.exception("admin_failed", path=request.url.path, reason=type(error).__name__)
                problem = Problem(UNAVAILABLE, "The bridge cannot do this now; its log says why.")
            return problem.response()
        return response

    async def _admit(self, request: Request) -> Asked:
        """Return the request with its body read. Raises Problem, TooLarge, TooSlow or Gone."""
        by = self._person(request)
        for name, sent in request.path_params.items():
            request.path_params[name] = decoded(sent)
        body = b""
        if request.method == "POST":
            length = request.headers.get("content-length", "")
            announced = int(length) if length.isdecimal() else None
            body = await read_body(
                request.receive, announced=announced, limit=_BODY_LIMIT, deadline_s=_BODY_S
            )
        content = None
        if body:
            headers = request.headers
            document.check_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
            content = document.read(body)
        return Asked(request, by=by, body=body, content=content)

    def _person(self, request: Request) -> Person:
        """Return who asks: by their token, or anybody where this machine's people need none."""
        local: Person | None = request.state.person
        if local is not None and not self._clients.known:
            return local
        return self._clients.recognise(request.headers.getlist("authorization"))
