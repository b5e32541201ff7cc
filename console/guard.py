"""The guard: what every request to the console goes through before any page sees it.

In this order: is it for this console, who asks, may they be here, and, for whatever changes something, does
it come from a page of ours. Every answer leaves with the same headers. A path is open only if it stands
here.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.hosts.body import Gone, TooLarge, TooSlow, read_body
from console.people import LOCAL, Person, Role
from console.returning import HOME, safe_return
from console.site import Site
from console.tokens import csrf_of, is_csrf_of, new_token
from console.views import say
from console.visitors import Visitors
from worker.errors import BridgeError, StoreUnavailable

_log: Any = structlog.get_logger()

Endpoint = Callable[[Request], Awaitable[Response]]
#: A page: path, method, endpoint, and the least role that may ask for it.
Page = tuple[str, str, Endpoint, Role]

#: Where strangers may go: to the door, and to what its page loads.
OPEN_PATHS: Final = frozenset({"/login", "/oidc/start", "/oidc/callback"})
#: What probes ask for, by whatever name they know this process; says nothing but that it runs.
PROBES: Final = frozenset({"/livez", "/readyz"})
OPEN_BENEATH: Final = "/assets/"
#: The admin API has a guard of its own, which knows no cookies.
API_BENEATH: Final = "/admin/"
#: What pages ask for every few seconds, whether or not anybody looks at them: their live parts, and runs.
LIVE: Final = "/live"
RUNS_BENEATH: Final = "/runs/"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_LIMIT: Final = 2 * 1024 * 1024
_BODY_S: Final = 10.0
_FIELD: Final = "csrf"
_HEADER: Final = "x-csrf-token"
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")

#: What a browser may do with our pages: load what is ours, run nothing that stands in a page.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who asks, and by which token of their browser's."""

    person: Person | None
    token: str
    #: Whether the token is new to the browser.
    fresh: bool


class Guard:
    """An ASGI application that stands before the console's own."""

    def __init__(self, app: ASGIApp, api: ASGIApp, site: Site, visitors: Visitors) -> None:
        """`app` has the pages, `api` whatever begins with `/admin/`."""
        self._app = app
        self._api = api
        self._site = site
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            return
        send = _dressed(scope, send)
        if scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if objection := self._site.objection(scope):
            await say(HTTPStatus.MISDIRECTED_REQUEST, objection)(scope, receive, send)
            return
        try:
            await self._take(scope, receive, send)
        except StoreUnavailable as error:
            await without_store(error)(scope, receive, send)
        except Gone:
            return  # nobody is there to read an answer

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        cross_site = scope["method"] not in _SAFE and self._site.is_cross_site(scope)
        if cross_site:
            await say(HTTPStatus.FORBIDDEN, "This request came from another site.")(scope, receive, send)
            return
        if scope["path"].startswith(API_BENEATH):
            state["person"] = None if self._site.settings.knows_people else LOCAL
            await self._api(scope, receive, send)
            return
        caller = await self._caller(scope)
        state |= {"person": caller.person, "csrf": csrf_of(caller.token), "token": caller.token}
        if caller.fresh and not scope["path"].startswith(OPEN_BENEATH):  # caches keep those
            send = self._with_cookie(caller.token, send)
        refusal = await self._refusal(scope, receive, caller)
        if isinstance(refusal, Response):
            await refusal(scope, receive, send)
        else:
            await self._app(scope, refusal, send)

    async def _caller(self, scope: Scope) -> _Caller:
        token = Request(scope).cookies.get(self._site.cookie, "")
        if not self._site.settings.knows_people:
            return _Caller(LOCAL, token or new_token(), fresh=not token)
        by_itself = asks_by_itself(scope["path"])
        person = await self._visitors.find(token, by_itself=by_itself) if token else None
        return _Caller(person, token or new_token(), fresh=not token)

    async def _refusal(self, scope: Scope, receive: Receive, caller: _Caller) -> Response | Receive:
        """Return why this is not to be answered, or where its body is to be read."""
        if caller.person is None and not _is_open(scope["path"]):
            return _to_login(scope)
        if scope["method"] in _SAFE:
            return receive
        try:
            body = await read_body(receive, announced=None, limit=_BODY_LIMIT, deadline_s=_BODY_S)
        except TooLarge:
            return say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A form may have up to {_BODY_LIMIT} bytes.")
        except TooSlow:
            return say(HTTPStatus.REQUEST_TIMEOUT, "The form did not arrive in time.")
        if not is_csrf_of(caller.token, await _presented(scope, body)):
            told = "The form is out of date, or not one of ours: nothing was done. Load the page again."
            return say(HTTPStatus.FORBIDDEN, told)
        return _again(body)

    def _with_cookie(self, token: str, send: Send) -> Send:
        async def set_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if not any(f"{self._site.cookie}=" in each for each in headers.getlist("set-cookie")):
                    headers.append("set-cookie", cookie(self._site, token))
            await send(message)

        return set_cookie


def cookie(site: Site, token: str) -> str:
    """Return the header that gives a browser its token; an empty one takes it away."""
    response = Response()
    if token:
        response.set_cookie(site.cookie, token, path="/", secure=site.secure, httponly=True, samesite="lax")
    else:
        response.delete_cookie(site.cookie, path="/", secure=site.secure, httponly=True, samesite="lax")
    return response.headers["set-cookie"]


def without_store(error: Exception) -> Response:
    """Return what is said while the store is away."""
    _log.warning("console_without_store", reason=str(error))
    told = "The bridge's store does not answer, so nobody knows whether this was done. Try again in a moment."
    return say(HTTPStatus.SERVICE_UNAVAILABLE, told)


def routes(pages: Iterable[Page]) -> list[Route]:
    """Return the routes of a table of pages; each is answered to those whose role reaches for it only."""
    return [
        Route(path, _for(role, endpoint), methods=[method], name=f"{method} {path}")
        for path, method, endpoint, role in pages
    ]


def _for(role: Role, endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        person: Person | None = getattr(request.state, "person", None)
        if person is None or person.role < role:
            return say(HTTPStatus.FORBIDDEN, f"This takes the role {role.label}.")
        try:
            return await endpoint(request)
        except StoreUnavailable:
            raise
        except BridgeError as error:
            return say(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.")

    return answer


def asks_by_itself(path: str) -> bool:
    """Say whether a page asks for a path without a person having done anything."""
    return path.endswith(LIVE) or path.startswith(RUNS_BENEATH)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_BENEATH)


def _to_login(scope: Scope) -> Response:
    """Lead a stranger to the door, and back to where they wanted to look."""
    wanted = HOME
    if scope["method"] == "GET":
        query = scope["query_string"].decode("latin-1")
        wanted = safe_return(scope["path"] + (f"?{query}" if query else ""))
    place = "/login" if wanted == HOME else f"/login?{urlencode({'next': wanted})}"
    if Request(scope).headers.get("hx-request"):
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/login"})
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


async def _presented(scope: Scope, body: bytes) -> str:
    """Return the token that a request presents: in a header, else in its form."""
    request = Request(scope, _again(body))
    if _HEADER in request.headers:
        return request.headers[_HEADER]
    if not request.headers.get("content-type", "").lower().startswith(_FORMS):
        return ""
    async with request.form(max_files=1, max_fields=200, max_part_size=_BODY_LIMIT) as form:
        token = form.get(_FIELD)
    return token if isinstance(token, str) else ""


def _again(body: bytes) -> Receive:
    """Return what gives a body that was read once more."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _dressed(scope: Scope, send: Send) -> Send:
    """Return what sends an answer with the headers that all have."""
    kept = scope["path"].startswith(OPEN_BENEATH)

    async def dress(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if not kept:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return dress
