"""The description against the sandbox itself: schemathesis asks whatever the description allows."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox.description import SCHEMAS, paths

if TYPE_CHECKING:
    from tests.sandbox.conftest import Live

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("part", ["^/nexus/", "^/sandbox/(?!outage)"])
def test_the_sandbox_keeps_to_its_description(start: "Callable[..., Live]", part: str) -> None:
    """Whatever the description allows to be asked gets an answer that it names, and never a 5xx."""
    live = start()  # of its own: this turns every lever there is, but the one after which nobody can be asked
    base = f"http://127.0.0.1:{live.port}"
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json").include(path_regex=part)
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # a broken description fails here

        @EXAMPLES
        @given(case=operation.as_strategy(), key=st.sampled_from(["KEY", "KEY", "KEY", "WRONG"]))
        def ask(case: schemathesis.Case[Any], key: str) -> None:
            if part == "^/nexus/":
                case.path_parameters["service"] = "support"
            case.call_and_validate(headers={"x-api-key": key}, checks=CHECKS)

        ask()


def test_seven_operations_are_described() -> None:
    """There are seven operations, each with a name of its own, and only updates require a body."""
    operations = [operation for item in paths().values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == 7
    required = {one["operationId"] for one in operations if one.get("requestBody", {}).get("required")}
    assert required == {"update_externalId", "update_interactionId"}


def test_shapes_refer_to_shapes() -> None:
    """Every shape that the paths refer to is there."""
    referred = {name for name in SCHEMAS if f"'#/components/schemas/{name}'" in str((paths(), SCHEMAS))}
    assert referred == {"Status", "Interaction", "Success", "Refusal"}
