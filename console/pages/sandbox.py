"""The sandbox: what the embedded stand-in for the API holds, and what goes wrong there on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import Response

from console.pages.mask import shown
from console.pages.page import actions_of, missing, person_of, refused, render, said, sandbox_of
from console.people import Role
from worker.errors import BridgeError

#: Interactions and calls that are shown, the last ones.
_SHOWN: Final = 50
_TIMEOUT_S: Final = 5.0


class SandboxAway(BridgeError):
    """The sandbox does not answer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that can be made to go wrong."""

    name: str
    label: str
    told: str
    rules: Sequence[Mapping[str, Any]]


#: What one click can bring; the sandbox itself knows many more.
TROUBLES: Final = (
    Trouble("none", "Off", "Nothing goes wrong any more: every call is answered as it should be.", ()),
    Trouble(
        "half",
        "Half of all calls fail",
        "Every second call is answered with 503.",
        ({"kind": "status", "status": 503, "probability": 0.5},),
    ),
    Trouble(
        "down", "Everything fails", "Every call is answered with 500.", ({"kind": "status", "status": 500},)
    ),
    Trouble("slow", "Slow answers", "Every call takes two seconds longer.", ({"latency_ms": 2000},)),
    Trouble(
        "lost",
        "Lost answers",
        "Every third create takes effect, and its answer is lost.",
        ({"operation": "create", "kind": "reset_after_commit", "probability": 0.34},),
    ),
    Trouble("key", "The key is refused", "Every call is answered with 401.", ({"kind": "bad_key"},)),
    Trouble(
        "busy",
        "Overloaded",
        "Half of all calls are answered with 429 and when to come again.",
        ({"kind": "overload", "retry_after": 5, "probability": 0.5},),
    ),
)


async def page(request: Request) -> Response:
    """Show what the sandbox holds."""
    return await _page(request, "sandbox.html")


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _page(request, "_sandbox.html")


async def _page(request: Request, template: str, *, reveal: bool = False) -> Response:
    if sandbox_of(request) is None:
        return missing(request, "No embedded sandbox is in use: the services stand elsewhere.")
    try:
        held = await _ask(request, "GET", "/interactions")
        calls = await _ask(request, "GET", "/audit")
        faults = await _ask(request, "GET", "/faults")
    except SandboxAway as error:
        return render(request, "missing.html", status=503, title="Sandbox", text=str(error), back="/")
    live_ones = [each for each in held if each["state"] == "active"]
    newest = sorted(held, key=lambda each: each["createdAt"], reverse=True)[:_SHOWN]
    return render(
        request,
        template,
        title="Sandbox",
        interactions=[(each, list(shown(each["userData"], reveal=reveal))) for each in newest],
        live=len(live_ones),
        held=len(held),
        calls=list(reversed(calls))[:_SHOWN],
        count=len(calls),
        faults=faults,
        troubles=TROUBLES,
        revealed=reveal,
    )


async def reveal(request: Request) -> Response:
    """Show what the interactions carry; the audit log says who saw it."""
    try:
        await actions_of(request).reveal(person_of(request), "sandbox")
    except BridgeError as error:
        return refused(request, error, back="/sandbox")
    return await _page(request, "_sandbox_held.html", reveal=True)


async def set_trouble(request: Request) -> Response:
    """Let something go wrong in the sandbox, or nothing any more."""
    async with request.form() as form:
        name = str(form.get("trouble", ""))
    trouble = next((each for each in TROUBLES if each.name == name), TROUBLES[0])
    recorder = actions_of(request).recorder
    try:
        async with recorder.doing(person_of(request), "sandbox", "faults", role=Role.OPERATOR, detail=name):
            await _ask(request, "PUT", "/faults", json=list(trouble.rules))
    except BridgeError as error:
        return refused(request, error, back="/sandbox")
    return said(request, trouble.told, tone="good" if not trouble.rules else "warn", back="/sandbox")


async def _ask(request: Request, method: str, path: str, *, json: Any = None) -> Any:  # noqa: ANN401 - JSON
    url = f"{sandbox_of(request)}/sandbox{path}"
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = await client.request(method, url, json=json)
            answer.raise_for_status()
            return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SandboxAway(
            f"the sandbox does not answer at {sandbox_of(request)}: {type(error).__name__}"
        ) from error
