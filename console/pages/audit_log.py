"""The audit log: who did what, for admins."""

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from console.pages.page import actions_of, person_of, refused, render, said
from worker.errors import BridgeError

_SHOWN: Final = 100


async def page(request: Request) -> Response:
    """Show the last acts, or those before a time."""
    bridge = actions_of(request).bridge
    deeds = await bridge.store.deeds(limit=_SHOWN, before=_moment(request.query_params.get("before", "")))
    older = deeds[-1].at.isoformat() if len(deeds) == _SHOWN else ""
    knows_people = bridge.settings.console.knows_people
    return render(
        request, "audit_log.html", title="Audit log", deeds=deeds, older=older, knows_people=knows_people
    )


async def end_visits(request: Request) -> Response:
    """Log somebody out of every browser."""
    async with request.form() as form:
        name, reason = str(form.get("name", "")).strip(), str(form.get("reason", ""))
    try:
        await actions_of(request).end_visits(person_of(request), name, reason=reason)
    except BridgeError as error:
        return refused(request, error, back="/audit")
    return said(request, f"Whoever was logged in as {name} is so no longer.", back="/audit")


def _moment(written: str) -> datetime | None:
    """Return a moment in an address; None for none, and for what is no moment with its zone."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
