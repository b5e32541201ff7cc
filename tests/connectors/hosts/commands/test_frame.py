"""What every API of the bridge has in common: its description, its problems, and what leads nowhere."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from connectors.hosts.commands.frame import add_description, add_problems, document, framed, responses
from connectors.hosts.commands.problems import KINDS, NOT_FOUND, TOO_LARGE, TYPES, WRONG_METHOD


def an_api() -> FastAPI:
    """Return an API of one operation."""
    app = framed("an API", "1", KINDS)

    @app.get("/x", responses=responses(NOT_FOUND, TOO_LARGE))
    async def _x() -> None: ...

    add_description(app, "/openapi.json", lambda app: document(app, "It is small.", problem={"cause": {}}))
    add_problems(app, TYPES, KINDS)
    return app


def ask(method: str, path: str) -> tuple[int, dict[str, object]]:
    """Return how a request is answered."""

    async def main() -> tuple[int, dict[str, object]]:
        async with AsyncClient(transport=ASGITransport(an_api()), base_url="http://x") as client:
            answer = await client.request(method, path)
            return answer.status_code, answer.json()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [("GET", "/nowhere", NOT_FOUND), ("POST", "/x", WRONG_METHOD), ("GET", f"{TYPES}none", NOT_FOUND)],
)
def test_what_the_router_refuses_is_a_problem(method: str, path: str, kind: object) -> None:
    """Of a kind that is explained where its type leads."""
    status, told = ask(method, path)
    assert told["type"] == getattr(kind, "type", None)
    found, explained = ask("GET", str(told["type"]))
    assert (found, explained["status"], explained["title"]) == (200, status, told["title"])


def test_the_description_has_the_problems_of_each_operation() -> None:
    """With an example of each, by its name, and the fields that this API's problems have besides."""
    _, described = ask("GET", "/openapi.json")
    assert described["openapi"] == "3.1.0"
    text = str(described)
    assert all(f"'{kind.name}': {{'value'" in text for kind in (NOT_FOUND, TOO_LARGE))
    assert "'cause': {'type': 'string'}" in text
