"""Paths lead where they should: external ids of any kind, the command API beside the rest."""

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.hosts.commands.app import routes
from tests.connectors.hosts.commands.conftest import COLLECTION, problem

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop

ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(ids.filter(lambda text: 0 < len(text) <= 60 and text not in {".", ".."}))
def test_any_external_id_is_found_again(shop: "Shop", external_id: str) -> None:
    """What was created under an id is read under the same one, by the path that the answer named."""
    created = shop.create(external_id, key="k" + external_id.encode().hex())
    assert created.status_code == 202, created.text
    outcome = shop.ask("GET", created.headers["location"])
    assert outcome.json()["external_id"] == external_id
    assert shop.ask("GET", f"{COLLECTION}/{quote(external_id, safe='')}").json()["ledger"]["accepted"] == 1


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/v1/", 404, "not-found"),
        ("/v1/services", 404, "not-found"),
        ("/v1%2Fservices%2Fsupport%2Finteractions", 404, "not-found"),
        (f"{COLLECTION}/", 404, "not-found"),
        (f"{COLLECTION}//stop", 404, "not-found"),
        (f"{COLLECTION}/a/b", 404, "not-found"),
        (f"{COLLECTION}/unknown", 404, "not-found"),
        (f"{COLLECTION}/a/commands/1", 404, "not-found"),
        (f"{COLLECTION}/a/commands/0", 400, "invalid-request"),
        (f"{COLLECTION}/a/commands/one", 400, "invalid-request"),
        (f"{COLLECTION}/%FF", 400, "malformed-request"),
        (f"{COLLECTION}/%2E%2E", 400, "invalid-request"),
        (f"{COLLECTION}/a%0D%0AX-Injected:%201", 400, "invalid-request"),
        (f"{COLLECTION}/a?live=perhaps", 400, "invalid-request"),
        ("/v1/services/%FF/interactions/a", 400, "malformed-request"),
        ("/v1/services/nobody/interactions/a", 403, "service-not-allowed"),
        ("/v1/services/support%2F..%2Fbilling/interactions/a", 403, "service-not-allowed"),
        ("/v1/problems/none", 404, "not-found"),
        ("/docs/../v1", 404, "not-found"),
    ],
)
def test_strange_paths_are_explained(shop: "Shop", path: str, status: int, name: str) -> None:
    """Each gets its one problem, whatever tricks it holds."""
    problem(shop.ask("GET", path), status, name)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", COLLECTION, "POST"),
        ("GET", COLLECTION, "POST"),
        ("DELETE", f"{COLLECTION}/a", "GET"),
        ("GET", f"{COLLECTION}/a/stop", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_one(shop: "Shop", method: str, path: str, allowed: str) -> None:
    """405 with Allow, as RFC 9110 asks."""
    response = shop.ask(method, path)
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (f"{COLLECTION}/a%2Fb", True),
        ("/v1/problems/not-found", True),
        ("/v1/nowhere", True),
        ("/docs", True),
        ("/docs/swagger-ui.css", True),
        ("/openapi.json", True),
        ("/channels/tickets", False),
        ("/readyz", False),
        ("/document", False),
        ("/", False),
    ],
)
def test_each_path_has_one_owner(shop: "Shop", path: str, *, ours: bool) -> None:
    """Beside other routes, the command API has its own paths, and sees them as they were sent."""

    async def other(_: Request) -> Response:
        return Response("other")

    rest = [Route("/{path:path}", other)]
    shared = replace(shop, app=Starlette(routes=[*routes(shop.app), *rest]))
    shop.create("a/b")
    assert (shared.ask("GET", path).text == "other") != ours
    assert shared.ask("GET", path).text == shop.ask("GET", path).text or not ours
