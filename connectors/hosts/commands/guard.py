"""The guard: the order in which a request is looked at, and the one place where what goes wrong is told.

Key, service, size, form, content: whoever may not ask is refused before a byte of the body is read. Nobody is
shown a stack trace, and nobody gets a 500.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from connectors.headers import Headers
from connectors.hosts.body import Gone, TooLarge, TooSlow, read_body
from connectors.hosts.commands import document
from connectors.hosts.commands.guarded import Handle, decoded
from connectors.hosts.commands.keys import Client, recognise
from connectors.hosts.commands.problems import (
    FORBIDDEN,
    INVALID,
    KEY_REUSED,
    LANE_FULL,
    TOO_LARGE,
    TOO_SLOW,
    UNAVAILABLE,
    USER_DATA,
    Problem,
)
from connectors.hosts.room import NoRoom, Place, Room
from connectors.quiet import Quiet
from connectors.trace import sent_span, sent_trace
from worker.errors import KeyConflict, LaneFull, StoreUnavailable, UserDataRefused
from worker.events import RequestAnswered, RequestRejected
from worker.passage import PASSAGE, Passage
from worker.ports import Door, Ids
from worker.settings import HttpSettings

_log: Any = structlog.get_logger()

#: The channel that is named where nobody knows the client.
_NOBODY: Final = "api"
_LATER: Final = "The bridge cannot do this now; send it again later, with the same Idempotency-Key."


class Asked(Request):
    """A request whose sender is known and whose body was read."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        *,
        client: Client,
        body: bytes,
        content: Mapping[str, Any] | None,
        trace_id: str,
    ) -> None:
        super().__init__(scope, receive)
        self.by = client
        self.trace_id = trace_id
        self._bytes = body
        self._content = content

    async def body(self) -> bytes:
        """Return the bytes that were read."""
        return self._bytes

    async def json(self) -> Any:  # noqa: ANN401 - Starlette's signature
        """Return the document that they hold, None where there are none."""
        return self._content


class _Visit:
    """One request on its way through: who sent it, and how long it took so far."""

    __slots__ = ("_began", "_verified_ms", "channel", "passage")

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.channel = _NOBODY
        self._began = perf_counter()
        self._verified_ms: float | None = None

    def know(self, client: Client) -> Client:
        """Note who sent it, and that this is proved by now."""
        self.channel, self._verified_ms = client.channel, self._elapsed_ms()
        return client

    def report(self, service: str, status: int) -> RequestAnswered:
        """Return the fact that it was answered; of a stranger's all the time went into knowing that."""
        passage, took_ms = self.passage, self._elapsed_ms()
        return RequestAnswered(
            service=service,
            channel=self.channel,
            status=status,
            trace_id=passage.trace_id,
            parent_id=passage.parent_id,
            verify_ms=took_ms if self._verified_ms is None else self._verified_ms,
            elapsed_ms=took_ms,
        )

    def _elapsed_ms(self) -> float:
        return (perf_counter() - self._began) * 1000


class Guard:
    """Stands before every operation of the command API."""

    def __init__(
        self,
        clients: Sequence[Client],
        door: Door,
        *,
        ids: Ids,
        settings: HttpSettings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._services = frozenset(service for client in clients for service in client.services)
        self._door = door
        self._ids = ids
        self._quiet = Quiet(now)
        self._limit = settings.max_body_bytes
        self._deadline_s = settings.body_timeout_s
        self._room = Room(deliveries=settings.max_in_flight, body_bytes=settings.max_in_flight_bytes)

    async def answer(self, request: Request, handle: Handle) -> Response:
        """Answer a request, by `handle` if it may be asked, and report it."""
        headers = Headers(request.headers.items())
        trace_id = sent_trace(headers) or self._ids()
        visit = _Visit(Passage(trace_id, sent_span(headers, trace_id)))
        within = PASSAGE.set(visit.passage)
        try:
            response = await self._answer(request, handle, visit)
        finally:
            PASSAGE.reset(within)
        service = request.path_params["service"]
        self._door.tell(visit.report(service if service in self._services else "", response.status_code))
        return response

    async def _answer(self, request: Request, handle: Handle, visit: "_Visit") -> Response:
        try:
            client = visit.know(recognise(self._clients, request.headers.getlist("authorization")))
            with self._room.enter() as place:
                asked = await self._admit(request, client, visit.passage.trace_id, place)
                return await handle(asked)
        except Gone:
            return Response(status_code=TOO_SLOW.status)  # nobody is there to read it
        except Exception as error:  # noqa: BLE001 - a sender never sees our faults: it comes again
            trace_id, problem = visit.passage.trace_id, self._explain(error)
            if problem is None:
                _log.exception("command_failed", trace_id=trace_id, reason=type(error).__name__)
                problem = Problem(UNAVAILABLE, _LATER)
            await self._note(request, visit.channel, problem, trace_id)
            return problem.response()

    async def _admit(self, request: Request, client: Client, trace_id: str, place: Place) -> Asked:
        """Return the request with its body read. Raises Problem, TooLarge, TooSlow, NoRoom or Gone."""
        service = decoded(request.path_params["service"])
        if service not in client.services:
            raise Problem(FORBIDDEN, f"Client {client.name!r} may not use a service of this name.")
        request.path_params["service"] = service
        if "external_id" in request.path_params:
            request.path_params["external_id"] = decoded(request.path_params["external_id"])
        body = await self._body(request, place) if request.method == "POST" else b""
        content = None
        if body:
            headers = request.headers
            document.check_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
            content = document.read(body)
        return Asked(
            request.scope, request.receive, client=client, body=body, content=content, trace_id=trace_id
        )

    async def _body(self, request: Request, place: Place) -> bytes:
        length = request.headers.get("content-length", "")
        announced = int(length) if length.isdecimal() else None
        return await read_body(
            request.receive,
            announced=announced,
            limit=self._limit,
            deadline_s=self._deadline_s,
            take=place.take,
        )

    def _explain(self, error: Exception) -> Problem | None:
        """Return what to tell of an error; None for a fault of ours."""
        match error:
            case Problem():
                return error
            case RequestValidationError():
                return Problem(INVALID, "The request does not say what it must.", errors=_reasons(error))
            case TooLarge():
                return Problem(TOO_LARGE, f"A body may have up to {self._limit} bytes.")
            case TooSlow():
                return Problem(TOO_SLOW, "The body did not arrive in time.")
            case KeyConflict():
                told = "This Idempotency-Key was accepted with another content."
                return Problem(
                    KEY_REUSED, told, first_fingerprint=error.first, second_fingerprint=error.second
                )
            case UserDataRefused():
                return Problem(USER_DATA, f"{error}.")
            case LaneFull():
                return Problem(LANE_FULL, f"{error}.")
            case StoreUnavailable() | NoRoom():
                return Problem(UNAVAILABLE, _LATER)
            case _:
                return None

    async def _note(self, request: Request, channel: str, problem: Problem, trace_id: str) -> None:
        """Count what was refused, and write it; of each kind and client one line a second."""
        service, name = request.path_params["service"], problem.kind.name
        times = self._quiet.times(f"{channel}:{name}")
        if times:
            _log.warning(
                "command_refused",
                channel=channel,
                trace_id=trace_id,
                problem=name,
                reason=problem.detail,
                times=times,
            )
        if service in self._services:
            self._door.tell(RequestRejected(service, channel, name))
            await self._door.tally(service, f"{channel}:{name}")


def _reasons(error: RequestValidationError) -> list[dict[str, str]]:
    """Return where and why, without what was sent."""
    found = []
    for each in error.errors():
        at = ".".join(str(part) for part in each["loc"] if part != "[key]")
        found.append({"at": at, "reason": each["msg"].removeprefix("Value error, ")})
    return found
