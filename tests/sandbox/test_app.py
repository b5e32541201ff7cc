"""The sandbox put together, asked over HTTP in this process."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.app import create_app
from sandbox.settings import Settings

if TYPE_CHECKING:
    from tests.sandbox.conftest import InProcess


def test_the_page_is_at_the_root(client: "InProcess") -> None:
    """The root shows the page."""
    answer = client.ask("GET", "/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/nexus/v3/other"])
def test_nothing_else_is_there(client: "InProcess", path: str) -> None:
    """Pages that would load scripts from elsewhere are not served."""
    assert client.ask("GET", path).status_code == 404


def test_the_description_covers_both_halves(client: "InProcess") -> None:
    """The OpenAPI description holds the seven endpoints and the levers, and is built once."""
    described = client.ask("GET", "/openapi.json").json()
    seven = [path for path in described["paths"] if path.startswith("/nexus/v3/openmedia/")]
    assert sum(len(described["paths"][path]) for path in seven) == 7
    assert "/sandbox/audit" in described["paths"]
    assert client.ask("GET", "/openapi.json").json() == described


def test_without_settings_it_is_a_demo() -> None:
    """An application made from nothing serves the demo service."""

    async def ask() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401  # ASGI's own loose type
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "raw_path": b"/nexus/v3/openmedia/demo/interactions/ext_a",
            "headers": [(b"x-api-key", b"demo-key")],
        }
        await create_app()(scope, receive, send)
        return sent

    assert asyncio.run(ask())[0]["status"] == 404


def test_leaving_closes_the_journal(tmp_path: Path) -> None:
    """The application's lifespan ends with the journal closed."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    told: list[str] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:  # noqa: ANN401  # ASGI's own loose type
        told.append(message["type"])

    app = create_app(Settings(data=tmp_path / "journal.jsonl"))

    async def live() -> None:
        await app({"type": "lifespan", "state": {}}, receive, send)

    asyncio.run(live())
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
