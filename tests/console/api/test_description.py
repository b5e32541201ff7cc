"""The description against the API itself: schemathesis asks whatever the description allows."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from console.server import serving
from tests.console.api.conftest import token

if TYPE_CHECKING:
    from tests.console.conftest import House

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class _Served:
    """The console on a port, in a thread with a loop of its own."""

    def __init__(self, bridge: Any) -> None:  # noqa: ANN401 - a context
        self._bridge = bridge
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    async def _serve(self) -> None:
        async with self._bridge() as bridge, serving(bridge) as port:
            self.port = port
            self._ready.set()
            await self._over.wait()

    def __enter__(self) -> str:
        self._thread.start()
        assert self._ready.wait(30)
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def base(house: "House", clients: Mapping[str, Any]) -> Iterator[str]:
    """The address of the API, served over real sockets by another thread."""
    with _Served(lambda: house.bridge({**clients, "port": 0})) as address:
        yield address


def test_the_api_keeps_to_its_description(base: str) -> None:
    """Whatever may be asked gets an answer that is named, and never an error of ours."""
    schema = schemathesis.openapi.from_url(f"{base}/admin/openapi.json")
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # a broken description fails here

        @EXAMPLES
        @given(
            case=operation.as_strategy(),
            service=st.sampled_from(["support", "support", "support", "billing"]),
            role=st.sampled_from(["admin", "admin", "admin", "viewer", "nobody"]),
        )
        def ask(case: schemathesis.Case[Any], service: str, role: str) -> None:
            nonlocal asked
            asked += 1
            if "service" in case.path_parameters:
                case.path_parameters["service"] = service
            case.call_and_validate(headers={"Authorization": f"Bearer {token(role)}"}, checks=CHECKS)

        ask()
    assert asked >= 25 * 5


def test_it_is_openapi_31_and_names_its_problems(base: str) -> None:
    """Each operation with a name of its own."""
    described = schemathesis.openapi.from_url(f"{base}/admin/openapi.json").raw_schema
    assert described["openapi"].startswith("3.1")
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for each in operations:
        assert {"400", "401", "403", "404", "422", "503"} <= set(each["responses"])
