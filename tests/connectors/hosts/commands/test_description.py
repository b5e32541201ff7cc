"""The description against the API itself: schemathesis asks whatever the description allows."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from connectors.hosts.commands.bodies import CreateBody, StopBody, UpdateBody
from connectors.hosts.commands.description import CREATE, STOP, UPDATE
from tests.connectors.hosts.commands.conftest import KEY

if TYPE_CHECKING:
    from tests.connectors.hosts.commands.conftest import Shop

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def base(make_shop: Callable[..., "Shop"]) -> Iterator[str]:
    """The address of the API, served over real sockets by another thread."""
    # whatever is drawn may be drawn often: a full lane is no fault, and another test's affair
    app = make_shop(lane_cap=10_000, max_body_bytes=1_000_000, max_waiting=0).app
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_the_api_keeps_to_its_description(base: str) -> None:
    """Whatever may be asked gets an answer that is named, and never an error of ours."""
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # a broken description fails here

        @EXAMPLES
        @given(
            case=operation.as_strategy(),
            service=st.sampled_from(["support", "support", "support", "billing"]),
            key=st.sampled_from([KEY, KEY, KEY, "wrong-key-0123456789"]),
        )
        def ask(case: schemathesis.Case[Any], service: str, key: str) -> None:
            nonlocal asked
            asked += 1
            case.path_parameters["service"] = service
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)

        ask()
    assert asked >= 6 * 20


def test_it_is_openapi_31_with_six_operations(shop: "Shop") -> None:
    """Each with a name, examples and the problems that it may end in."""
    described = shop.ask("GET", "/openapi.json", bearer=None).json()
    assert described["openapi"].startswith("3.1")
    operations = [each for path in described["paths"].values() for each in path.values()]
    assert len({each["operationId"] for each in operations}) == len(operations) == 6
    for each in operations:
        assert {"400", "401", "403", "404", "503"} <= set(each["responses"])
        is_command = "Idempotency-Key" in str(each.get("parameters"))
        assert ("422" in each["responses"]) == is_command
        if is_command:
            assert each["requestBody"]["content"]["application/json"]["examples"]
    assert described["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}


def test_the_examples_are_good_requests() -> None:
    """What is shown can be sent as it stands."""
    for body, examples in ((CreateBody, CREATE), (UpdateBody, UPDATE), (StopBody, STOP)):
        for example in examples.values():
            assert body.model_validate(example["value"])
