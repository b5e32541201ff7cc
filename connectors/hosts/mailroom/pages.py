"""Pages: a view as HTML, and the headers that keep a browser from doing anything with it but show it."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from connectors.hosts.mailroom.names import disposition
from connectors.hosts.mailroom.view import Attached, View

#: Every answer of the mailroom has these.
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}

_KIB: Final = 1024


def _style(name: str) -> tuple[Markup, str]:
    """Return a style sheet, and the word by which a policy allows it and no other."""
    text = files(__package__).joinpath("templates", name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704 - a file of ours


_PAGE_STYLE, _PAGE_HASH = _style("page.css")
_BODY_STYLE, _ = _style("body.css")
_PAGE_POLICY: Final = (
    f"default-src 'none'; style-src {_PAGE_HASH}; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
# Cleaned HTML keeps some style attributes, which cannot be allowed one by one.
_BODY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_FILE_POLICY: Final = "default-src 'none'; sandbox"


def _size(count: int) -> str:
    """Return a number of bytes as people say it."""
    if count < _KIB:
        return f"{count} bytes"
    if count < _KIB * _KIB:
        return f"{count / _KIB:.0f} KiB"
    return f"{count / _KIB / _KIB:.1f} MiB"


_TEMPLATES: Final = Environment(
    loader=PackageLoader("connectors.hosts.mailroom"), autoescape=True, undefined=StrictUndefined
)
_TEMPLATES.filters["size"] = _size


def message_page(view: View, *, path: str, until: datetime) -> Response:
    """Return the page of a message; `path` is its own, and `until` when its link ends."""
    day = until.strftime("%Y-%m-%d")
    page = _TEMPLATES.get_template("message.html").render(view=view, path=path, until=day, style=_PAGE_STYLE)
    return _page(page, _PAGE_POLICY)


def body_page(html: str) -> Response:
    """Return cleaned HTML as a page for a frame."""
    shown = Markup(html)  # noqa: S704 - `html.clean` made it
    return _page(_TEMPLATES.get_template("body.html").render(html=shown, style=_BODY_STYLE), _BODY_POLICY)


def notice(status: int, title: str, text: str) -> Response:
    """Return a page that says why there is no message."""
    page = _TEMPLATES.get_template("notice.html").render(title=title, text=text, style=_PAGE_STYLE)
    return _page(page, _PAGE_POLICY, status)


def file(found: Attached, content: bytes) -> Response:
    """Return a download."""
    headers = {
        **HEADERS,
        "Content-Disposition": disposition(found.name),
        "Content-Security-Policy": _FILE_POLICY,
        "Content-Type": found.content_type,
    }
    return Response(content, headers=headers)


def _page(content: str, policy: str, status: int = 200) -> Response:
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return Response(content.encode("utf-8", "replace"), status, headers, "text/html")
