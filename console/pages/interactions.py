"""Interactions: find one, read what happened to it, see what waits."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from console.mending import told
from console.pages.finding import SHOWN, Wanted, find, listed
from console.pages.mask import asked_for
from console.pages.page import actions_of, missing, person_of, refused, render, said
from console.pages.timeline import timeline
from worker.errors import BridgeError
from worker.lanes import LaneView, Queued
from worker.letters import LetterHead
from worker.wiring import Bridge

#: What a list may be narrowed down to.
STATES: Final = ("new", "open", "ended", "waiting", "parked")
#: Waiting commands that are shown of one lane.
_PENDING: Final = 50
_LETTERS: Final = 1000


async def page(request: Request) -> Response:
    """Show the conversations of which anything was heard last, or those that are asked for."""
    return await _list(request, "interactions.html", request.query_params, "")


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _list(request, "_interactions.html", request.query_params, "")


async def search(request: Request) -> Response:
    """Show what something in hand leads to; it travels in the body, for it may name a person."""
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    return await _list(request, "interactions.html", fields, fields.get("q", "").strip())


async def one(request: Request) -> Response:
    """Show one conversation."""
    return await _one(request, "interaction.html")


async def one_live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _one(request, "_interaction.html")


async def reveal(request: Request) -> Response:
    """Show what the waiting commands of a conversation carry; the audit log says who saw it."""
    async with request.form() as form:
        service, external_id = str(form.get("service", "")), str(form.get("id", ""))
    actions = actions_of(request)
    try:
        await actions.reveal(person_of(request), f"{service}/{external_id}")
        view = await _view(actions.bridge, service, external_id)
    except BridgeError as error:
        return refused(request, error)
    pending = carried(view.pending, reveal=True) if view else []
    return render(request, "_pending.html", pending=pending, view=view, revealed=True)


async def retry(request: Request) -> Response:
    """Make a conversation that backs off due at once."""
    async with request.form() as form:
        service, external_id = str(form.get("service", "")), str(form.get("id", ""))
    try:
        hastened, _ = await actions_of(request).retry_now(
            person_of(request), service, external_id=external_id
        )
    except BridgeError as error:
        return refused(request, error)
    return said(request, "It is due now." if hastened else "It does not back off: nothing had to be done.")


async def _list(request: Request, template: str, fields: Mapping[str, str], written: str) -> Response:
    bridge = actions_of(request).bridge
    wanted = Wanted(fields.get("service", ""), fields.get("state", ""), fields.get("channel", ""))
    services = [name for name in bridge.settings.services if wanted.service in {"", name}]
    found = (
        [each for each in await find(bridge, services, written) if wanted.fits(each)]
        if written
        else await listed(bridge, services, wanted)
    )
    return render(
        request,
        template,
        title="Interactions",
        found=found,
        full=len(found) == SHOWN,
        wanted=wanted,
        written=written,
        services=list(bridge.settings.services),
        channels=list(bridge.settings.channels),
        states=STATES,
    )


async def _one(request: Request, template: str) -> Response:
    bridge = actions_of(request).bridge
    service, external_id = request.query_params.get("service", ""), request.query_params.get("id", "")
    view = await _view(bridge, service, external_id)
    if view is None:
        text = f"Service {service} has never heard of {external_id}, or it ended long ago."
        return missing(request, text, back="/interactions")
    letters = await _letters(bridge, service, external_id)
    return render(
        request,
        template,
        title=external_id,
        view=view,
        pending=carried(view.pending, reveal=False),
        revealed=False,
        moments=timeline(view.history),
        letters=letters,
        now=bridge.clock(),
    )


async def _view(bridge: Bridge, service: str, external_id: str) -> LaneView | None:
    if service not in bridge.partitions or not external_id:
        return None
    return await bridge.store.view(service, external_id, pending=_PENDING)


async def _letters(bridge: Bridge, service: str, external_id: str) -> Sequence[LetterHead]:
    heads = await bridge.store.dead(service, limit=_LETTERS)
    return [head for head in heads if head.external_id == external_id]


def carried(pending: Sequence[Queued], *, reveal: bool) -> list[tuple[Queued, list[tuple[str, str]]]]:
    """Return each waiting command with what it asks for, hidden unless it is to be revealed."""
    return [(each, _asked(each, reveal=reveal)) for each in pending]


def _asked(queued: Queued, *, reveal: bool) -> list[tuple[str, str]]:
    if queued.command is None or queued.command.kind == "notify":
        return []
    return asked_for(told(queued.command), reveal=reveal)
