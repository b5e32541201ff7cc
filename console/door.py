"""The door: the pages by which people come in and go out."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.accounts import Accounts, LoginRefused, TooManyTries
from console.guard import cookie
from console.people import Person
from console.provider import NotLetIn, Provider, ProviderFailed, Ticket, ticket_name
from console.recorder import Recorder
from console.returning import HOME, safe_return
from console.site import Site
from console.views import render, say
from console.visitors import Visitors

_log: Any = structlog.get_logger()

#: How long somebody may take at the provider.
_TICKET: Final = timedelta(minutes=10)


class Door:
    """Lets people in and out."""

    def __init__(
        self,
        site: Site,
        visitors: Visitors,
        accounts: Accounts,
        provider: Provider | None,
        recorder: Recorder,
    ) -> None:
        self._site = site
        self._visitors = visitors
        self._accounts = accounts
        self._provider = provider
        self._recorder = recorder

    def routes(self) -> list[Route]:
        """Return the routes of the door; the guard knows that strangers may use them."""
        found = [
            Route("/login", self.show, methods=["GET"]),
            Route("/login", self.enter, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
        ]
        if self._provider:
            found += [
                Route("/oidc/start", self.send_away, methods=["GET"]),
                Route("/oidc/callback", self.come_back, methods=["GET"]),
            ]
        return found

    async def show(self, request: Request) -> Response:
        """Show the door to those who are not in."""
        wanted = safe_return(request.query_params.get("next", HOME))
        if request.state.person is not None:
            return RedirectResponse(wanted, HTTPStatus.SEE_OTHER)
        return self._page(request, wanted)

    async def enter(self, request: Request) -> Response:
        """Let in whoever has an account and its password."""
        async with request.form() as form:
            name, password = str(form.get("name", ""))[:200], str(form.get("password", ""))
            wanted = safe_return(str(form.get("next", HOME)))
        peer = self._site.peer(request.scope)
        try:
            person = await self._accounts.recognise(name, password, address=peer)
        except LoginRefused as error:
            return self._page(request, wanted, told=str(error), name=name, status=HTTPStatus.FORBIDDEN)
        except TooManyTries as error:
            page = self._page(request, wanted, told=str(error), status=HTTPStatus.TOO_MANY_REQUESTS)
            page.headers["Retry-After"] = str(int(self._site.settings.login.window_s))
            return page
        return await self._admit(request, person, wanted)

    async def leave(self, request: Request) -> Response:
        """End a visit."""
        person: Person = request.state.person
        if self._site.settings.knows_people:
            await self._visitors.dismiss(request.state.token)
            await self._recorder.note(person, "log-out")
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        response.headers["set-cookie"] = cookie(self._site, "")
        return response

    async def send_away(self, request: Request) -> Response:
        """Send somebody to the provider, with a ticket that is good for this browser, once."""
        if self._provider is None:
            return say(HTTPStatus.NOT_FOUND, "There is no single sign-on here.")
        ticket = Ticket.new(
            f"{self._site.base(request.scope)}/oidc/callback",
            safe_return(request.query_params.get("next", HOME)),
        )
        try:
            way = await self._provider.way(ticket)
        except ProviderFailed as error:
            return self._failed(request, error)
        name = ticket_name(ticket.state, request.state.token)
        await self._visitors.visits.leave_ticket(name, ticket.dump(), lifetime=_TICKET)
        return RedirectResponse(way, HTTPStatus.SEE_OTHER)

    async def come_back(self, request: Request) -> Response:
        """Let in whoever comes back from the provider with their ticket."""
        if self._provider is None:
            return say(HTTPStatus.NOT_FOUND, "There is no single sign-on here.")
        name = ticket_name(request.query_params.get("state", ""), request.state.token)
        text = await self._visitors.visits.take_ticket(name)
        if text is None:
            return say(
                HTTPStatus.FORBIDDEN,
                "This log-in was not begun in this browser, or too long ago.",
            )
        ticket = Ticket.load(text)
        try:
            person = await self._provider.person(ticket, request.url.query)
        except (ProviderFailed, NotLetIn) as error:
            return self._failed(request, error)
        return await self._admit(request, person, ticket.wanted)

    async def _admit(self, request: Request, person: Person, wanted: str) -> Response:
        """Begin a visit under a new token, whatever token the browser came with."""
        await self._visitors.dismiss(request.state.token)
        await self._recorder.note(person, "log-in", detail=self._site.peer(request.scope))
        token = await self._visitors.admit(person)
        response = RedirectResponse(safe_return(wanted), HTTPStatus.SEE_OTHER)
        response.headers["set-cookie"] = cookie(self._site, token)
        return response

    def _failed(self, request: Request, error: ProviderFailed | NotLetIn) -> Response:
        peer = self._site.peer(request.scope)
        _log.warning("login_refused", peer=peer, reason=str(error), how="oidc")
        refused = isinstance(error, NotLetIn)
        return say(HTTPStatus.FORBIDDEN if refused else HTTPStatus.BAD_GATEWAY, f"{error}.")

    def _page(
        self,
        request: Request,
        wanted: str,
        *,
        told: str = "",
        name: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        oidc = self._site.settings.oidc
        return render(
            "login.html",
            status,
            title="Log in",
            told=told,
            csrf=request.state.csrf,
            next=wanted,
            name=name,
            with_accounts=bool(self._site.settings.accounts),
            provider=oidc.title if oidc else "",
            provider_link=f"/oidc/start?{urlencode({'next': wanted})}",
        )
