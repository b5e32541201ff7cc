"""The examples of the description."""

from typing import TYPE_CHECKING

import pytest

from sandbox.examples import BEHAVIOURS, RULES, SCRIPTS, Examples, openapi

if TYPE_CHECKING:
    from tests.sandbox.conftest import InProcess


@pytest.mark.parametrize(
    ("lever", "examples"), [("behaviour", BEHAVIOURS), ("faults", RULES), ("script", SCRIPTS)]
)
def test_examples_are_shown_and_accepted(client: "InProcess", lever: str, examples: Examples) -> None:
    """Each stands in the description of its lever, which takes it as it is."""
    described = client.ask("GET", "/openapi.json").json()["paths"][f"/sandbox/{lever}"]["put"]
    assert described["requestBody"]["content"]["application/json"]["examples"] == openapi(examples)
    for example in examples.values():
        assert client.ask("PUT", f"/sandbox/{lever}", json=example).status_code == 200
