"""Services: their gates, and the hands that work them."""

from starlette.requests import Request
from starlette.responses import Response

from console.condition import look
from console.pages.board import needs_of
from console.pages.page import actions_of, missing, person_of, refused, render, said
from console.pages.spans import STRETCHES, counts
from worker.errors import BridgeError

#: Waiting lanes that are listed.
_WAITING = 20


async def page(request: Request) -> Response:
    """Show every service."""
    return await _page(request, "services.html")


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _page(request, "_services.html")


async def _page(request: Request, template: str) -> Response:
    bridge = actions_of(request).bridge
    conditions = [await look(bridge, name) for name in bridge.settings.services]
    settings = bridge.settings.services
    return render(request, template, title="Services", conditions=conditions, settings=settings)


async def one(request: Request) -> Response:
    """Show one service."""
    return await _one(request, "service.html")


async def one_live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _one(request, "_service.html")


async def _one(request: Request, template: str) -> Response:
    bridge, name = actions_of(request).bridge, request.query_params.get("name", "")
    if name not in bridge.settings.services:
        return missing(request, f"No service {name} is configured.", back="/services")
    condition, pace = await look(bridge, name), await bridge.store.pace(name)
    return render(
        request,
        template,
        title=f"Service {name}",
        condition=condition,
        needs=list(needs_of(condition)),
        settings=bridge.settings.services[name],
        stretches=[(each, counts(pace, each, bridge.clock())) for each in STRETCHES],
        waiting=await bridge.store.waiting(name, limit=_WAITING),
        now=bridge.clock(),
    )


async def pause(request: Request) -> Response:
    """Let nothing more be sent to a service."""
    async with request.form() as form:
        name, reason = str(form.get("name", "")), str(form.get("reason", ""))
    try:
        await actions_of(request).pause_service(person_of(request), name, reason=reason)
    except BridgeError as error:
        return refused(request, error, back="/services")
    text = f"{name} is paused: calls under way end, no others begin, and what arrives is kept."
    return said(request, text, back=f"/service?name={name}")


async def resume(request: Request) -> Response:
    """Lift a pause and a hold, and wake the workers."""
    name = await _name(request)
    try:
        before, _ = await actions_of(request).resume_service(person_of(request), name)
    except BridgeError as error:
        return refused(request, error, back="/services")
    text = f"{name} is open; it was {before.gate}. Conversations due now: {before.due}."
    return said(request, text, back=f"/service?name={name}")


async def retry_now(request: Request) -> Response:
    """Make everything of a service that backs off due at once."""
    name = await _name(request)
    try:
        hastened, _ = await actions_of(request).retry_now(person_of(request), name)
    except BridgeError as error:
        return refused(request, error, back="/services")
    text = f"Conversations made due now: {hastened}." if hastened else "Nothing backs off."
    return said(request, text, back=f"/service?name={name}")


async def test_call(request: Request) -> Response:
    """Make one call that changes nothing there, and show what came of it."""
    name = await _name(request)
    try:
        answer = await actions_of(request).test_call(person_of(request), name)
    except BridgeError as error:
        return refused(request, error, back="/services")
    tone = "good" if answer.fine else "bad"
    return said(request, f"{name}: {answer.text}.", tone=tone, back=f"/service?name={name}")


async def _name(request: Request) -> str:
    async with request.form() as form:
        return str(form.get("name", ""))
