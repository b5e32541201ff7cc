"""Sweeps: what one would stop now, what the last ones did, and no more of it."""

from collections import Counter
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from console.pages.page import actions_of, person_of, refused, render, said
from worker.errors import BridgeError
from worker.spans import span
from worker.sweep_settings import SweepSettings
from worker.sweeps import Result, Sweep

_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Swept:
    """A service, and how its sweeps stand."""

    service: str
    #: None where its settings sweep nothing.
    settings: SweepSettings | None
    #: Why they are paused, empty when they are not.
    paused: str
    open: int


async def page(request: Request) -> Response:
    """Show how the sweeps of every service stand, and the last ones."""
    return await _page(request, "sweeps.html")


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _page(request, "_sweeps.html")


async def _page(request: Request, template: str) -> Response:
    bridge = actions_of(request).bridge
    store, services = bridge.store, bridge.settings.services
    swept = [
        Swept(name, each.sweep, await store.sweeps_paused(name), await store.open_count(name))
        for name, each in services.items()
    ]
    found = [each for name in services for each in await store.sweeps(name, limit=_REMEMBERED)]
    newest = sorted(found, key=lambda each: each.at, reverse=True)[:_REMEMBERED]
    return render(request, template, title="Sweeps", swept=swept, sweeps=newest, tones=TONES)


TONES = {Result.DONE: "good", Result.DRY: "idle", Result.REFUSED: "bad"}


async def plan(request: Request) -> Response:
    """Show what a sweep would do now; nothing is written."""
    async with request.form() as form:
        service = str(form.get("service", ""))
    try:
        sweep = await actions_of(request).plan_sweep(service)
    except BridgeError as error:
        return refused(request, error, back="/sweeps")
    return render(request, "_sweep_plan.html", sweep=sweep, left=left_alone(sweep), span=span)


async def run(request: Request) -> Response:
    """Stop what went stale."""
    async with request.form() as form:
        service, cap = str(form.get("service", "")), str(form.get("cap", ""))
    try:
        sweep = await actions_of(request).sweep(
            person_of(request), service, cap=int(cap) if cap.isdecimal() else None
        )
    except BridgeError as error:
        return refused(request, error, back="/sweeps")
    if sweep.result is Result.REFUSED:
        return said(request, f"Nothing was stopped: {sweep.reason}.", tone="bad", back="/sweeps")
    text = f"Asked for: {sweep.stops} stops and {sweep.warnings} warnings; overtaken: {sweep.overtaken}."
    return said(request, text, back="/sweeps")


async def pause(request: Request) -> Response:
    """Let no sweep of a service act."""
    async with request.form() as form:
        service, reason = str(form.get("service", "")), str(form.get("reason", ""))
    try:
        await actions_of(request).pause_sweeps(person_of(request), service, reason=reason)
    except BridgeError as error:
        return refused(request, error, back="/sweeps")
    return said(
        request, f"The sweeps of {service} are paused: nothing more is stopped by them.", back="/sweeps"
    )


async def resume(request: Request) -> Response:
    """Let the sweeps of a service act again."""
    async with request.form() as form:
        service = str(form.get("service", ""))
    try:
        await actions_of(request).resume_sweeps(person_of(request), service)
    except BridgeError as error:
        return refused(request, error, back="/sweeps")
    return said(request, f"The sweeps of {service} go on.", back="/sweeps")


def left_alone(sweep: Sweep) -> list[tuple[int, str]]:
    """Return how many interactions are left alone, by reason, the most first."""
    left = Counter(sweep.left)
    left["not looked at" if sweep.partial else "not idle for long enough"] += max(
        sweep.open - sweep.looked, 0
    )
    return sorted(((count, reason) for reason, count in (+left).items()), reverse=True)
