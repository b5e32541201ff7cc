"""The table: every page and every form of the console, and the least role that it takes."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from console.pages import audit_log, channels, interactions, letters, overview, sandbox, services, sweeps
from console.people import Role

Endpoint = Callable[[Request], Awaitable[Response]]


class Page(NamedTuple):
    """One address, in the order in which `console.guard` reads it."""

    path: str
    method: str
    endpoint: Endpoint
    role: Role


#: The forms that only look have POST all the same: what they ask for may name a person, or is large.
PAGES: Final = (
    Page("/", "GET", overview.page, Role.VIEWER),
    Page("/overview/live", "GET", overview.live, Role.VIEWER),
    Page("/interactions", "GET", interactions.page, Role.VIEWER),
    Page("/interactions", "POST", interactions.search, Role.VIEWER),
    Page("/interactions/live", "GET", interactions.live, Role.VIEWER),
    Page("/interaction", "GET", interactions.one, Role.VIEWER),
    Page("/interaction/live", "GET", interactions.one_live, Role.VIEWER),
    Page("/interaction/reveal", "POST", interactions.reveal, Role.OPERATOR),
    Page("/interaction/retry", "POST", interactions.retry, Role.OPERATOR),
    Page("/letters", "GET", letters.page, Role.VIEWER),
    Page("/letters/live", "GET", letters.live, Role.VIEWER),
    Page("/letters/plan", "POST", letters.plan, Role.OPERATOR),
    Page("/letters/run", "POST", letters.run, Role.OPERATOR),
    Page("/runs/{run}", "GET", letters.progress, Role.VIEWER),
    Page("/runs/{run}/cancel", "POST", letters.cancel, Role.OPERATOR),
    Page("/letter", "GET", letters.one, Role.VIEWER),
    Page("/letter/reveal", "POST", letters.reveal, Role.OPERATOR),
    Page("/letter/edit-form", "POST", letters.edit_form, Role.OPERATOR),
    Page("/letter/foresee", "POST", letters.foresee_edit, Role.OPERATOR),
    Page("/letter/edit", "POST", letters.edit, Role.OPERATOR),
    Page("/channels", "GET", channels.page, Role.VIEWER),
    Page("/channels/live", "GET", channels.live, Role.VIEWER),
    Page("/channel", "GET", channels.one, Role.VIEWER),
    Page("/channel/live", "GET", channels.one_live, Role.VIEWER),
    Page("/channel/pause", "POST", channels.pause, Role.OPERATOR),
    Page("/channel/hold", "POST", channels.hold, Role.OPERATOR),
    Page("/channel/resume", "POST", channels.resume, Role.OPERATOR),
    Page("/channel/try", "POST", channels.try_payload, Role.OPERATOR),
    Page("/services", "GET", services.page, Role.VIEWER),
    Page("/services/live", "GET", services.live, Role.VIEWER),
    Page("/service", "GET", services.one, Role.VIEWER),
    Page("/service/live", "GET", services.one_live, Role.VIEWER),
    Page("/service/pause", "POST", services.pause, Role.OPERATOR),
    Page("/service/resume", "POST", services.resume, Role.OPERATOR),
    Page("/service/retry", "POST", services.retry_now, Role.OPERATOR),
    Page("/service/test", "POST", services.test_call, Role.OPERATOR),
    Page("/sweeps", "GET", sweeps.page, Role.VIEWER),
    Page("/sweeps/live", "GET", sweeps.live, Role.VIEWER),
    Page("/sweeps/plan", "POST", sweeps.plan, Role.VIEWER),
    Page("/sweeps/run", "POST", sweeps.run, Role.OPERATOR),
    Page("/sweeps/pause", "POST", sweeps.pause, Role.OPERATOR),
    Page("/sweeps/resume", "POST", sweeps.resume, Role.OPERATOR),
    Page("/sandbox", "GET", sandbox.page, Role.VIEWER),
    Page("/sandbox/live", "GET", sandbox.live, Role.VIEWER),
    Page("/sandbox/reveal", "POST", sandbox.reveal, Role.OPERATOR),
    Page("/sandbox/faults", "POST", sandbox.set_trouble, Role.OPERATOR),
    Page("/audit", "GET", audit_log.page, Role.ADMIN),
    Page("/audit/end-visits", "POST", audit_log.end_visits, Role.ADMIN),
)
