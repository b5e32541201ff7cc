"""The page at `/docs`: Swagger UI, served from here and allowed to load nothing from elsewhere."""

import importlib.resources
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>openmedia-bridge: command API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: "none",
});
"""
#: Swagger UI writes styles into its elements, and draws its icons from data URLs.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}


def add_page(app: FastAPI) -> None:
    """Add the page and what it loads to an application."""
    add = app.router.add_route
    add("/docs", _serve(_PAGE.encode(), "text/html"), include_in_schema=False)
    add("/docs/start.js", _serve(_START.encode(), "text/javascript"), include_in_schema=False)
    shipped = importlib.resources.files("fastapi_swagger").joinpath("resources")
    for name, media_type in _ASSETS.items():
        content = shipped.joinpath(name).read_bytes()
        add(f"/docs/{name}", _serve(content, media_type), include_in_schema=False)


def _serve(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_: Request) -> Response:
        return Response(content, headers=_HEADERS, media_type=media_type)

    return serve
