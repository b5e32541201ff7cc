"""Views: the pages around the others: the door, and what is said when something is refused."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

import jinja2
from starlette.responses import HTMLResponse

_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
    """Return a page of this package, every value escaped."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**values), status)


def say(status: HTTPStatus, told: str) -> HTMLResponse:
    """Return a page that says one thing."""
    return render("said.html", status, title=status.phrase, told=told)
