"""Pages: templates filled with values, every one of them escaped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from console.actions import Actions
from console.people import Person, Role
from worker.errors import BridgeError
from worker.spans import span

_TEMPLATES: Final = Environment(
    loader=PackageLoader("console.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
#: What stands in the navigation: address, name, and the pages beneath it.
_PLACES: Final = (
    ("/", "Overview", ()),
    ("/interactions", "Interactions", ("/interaction",)),
    ("/letters", "Dead letters", ("/letter", "/runs")),
    ("/channels", "Channels", ("/channel",)),
    ("/services", "Services", ("/service",)),
    ("/sweeps", "Sweeps", ()),
    ("/sandbox", "Sandbox", ()),
    ("/audit", "Audit log", ()),
)


def actions_of(request: Request) -> Actions:
    """Return what can be done here."""
    found: Actions = request.app.state.actions
    return found


def person_of(request: Request) -> Person:
    """Return who asks; the guard says so before any page is reached."""
    found: Person = request.state.person
    return found


def sandbox_of(request: Request) -> str | None:
    """Return where the embedded sandbox is, None where none is in use."""
    return actions_of(request).bridge.settings.console.sandbox_url or None


def is_partial(request: Request) -> bool:
    """Say whether a part of a page is asked for, to be put into the page that is shown."""
    return request.headers.get("hx-request") == "true"


def render(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - whatever a template shows
    """Return a template filled with values, and with what every page has."""
    return HTMLResponse(fill(request, name, values), status)


def fill(request: Request, name: str, values: Mapping[str, Any]) -> str:
    """Return the text of a template."""
    person = person_of(request)
    common = {
        "person": person,
        "csrf": request.state.csrf,
        "may_act": person.role >= Role.OPERATOR,
        "path": request.url.path,
        "places": [
            (href, label, request.url.path == href or request.url.path in beneath)
            for href, label, beneath in _PLACES
            if _is_for(request, href)
        ],
    }
    return _TEMPLATES.get_template(name).render({**common, **values})


def _is_for(request: Request, href: str) -> bool:
    """Say whether there is anything for a person at a place."""
    if href == "/sandbox":
        return sandbox_of(request) is not None
    return href != "/audit" or person_of(request).role >= Role.ADMIN


def missing(request: Request, text: str, *, back: str = "/") -> Response:
    """Return that what a page was to show is not there, and the way back."""
    return render(request, "missing.html", status=404, title="Not found", text=text, back=back)


def said(request: Request, text: str, *, tone: str = "good", back: str = "/") -> Response:
    """Return what came of an action: a line for the page that asked, or a page of its own.

    Whatever shows live figures is told to look again.
    """
    if not is_partial(request):
        return render(request, "said.html", text=text, tone=tone, back=back, title="Done")
    answer = render(request, "_said.html", text=text, tone=tone)
    answer.headers["HX-Trigger"] = "acted"
    return answer


def refused(request: Request, error: BridgeError, *, back: str = "/") -> Response:
    """Return what stood in the way, for a person to read."""
    return said(request, _sentence(str(error)), tone="bad", back=back)


def moment(at: datetime | None) -> Markup:
    """Return a moment that the browser writes in local time, with UTC behind it."""
    if at is None:
        return Markup("—")
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{} UTC</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        utc.strftime("%Y-%m-%d %H:%M:%S"),
    )


def number(count: int) -> str:
    """Return a count with its thousands apart."""
    return f"{count:,}".replace(",", "\u202f")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


_TEMPLATES.filters["moment"] = moment
_TEMPLATES.filters["number"] = number
_TEMPLATES.filters["span"] = span
_TEMPLATES.filters["sentence"] = _sentence
