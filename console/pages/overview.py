"""The overview: whether messages flow, at a glance, and what is in their way."""

from starlette.requests import Request
from starlette.responses import Response

from console.pages.board import board
from console.pages.page import actions_of, render
from console.pages.spans import STRETCHES, stretch_named


async def page(request: Request) -> Response:
    """Show how everything stands."""
    return await _board(request, "overview.html")


async def live(request: Request) -> Response:
    """Show the same again, for the page that is open."""
    return await _board(request, "_board.html")


async def _board(request: Request, template: str) -> Response:
    stretch = stretch_named(request.query_params.get("over", ""))
    found = await board(actions_of(request).bridge, stretch)
    return render(request, template, board=found, stretches=STRETCHES, title="Overview")
