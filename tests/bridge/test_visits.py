"""`bridge console end-visits`: somebody is logged out in every browser."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_a_person_is_logged_out(operator: "Operator") -> None:
    """It stands in the audit log, with the reason; without one nothing is done."""
    assert operator.reads("console", "end-visits", "ann", "--reason", "left") == [
        "whoever was logged in as ann is so no longer"
    ]
    assert "is empty" in operator.refused("console", "end-visits", "ann", "--reason", " ")
    failed, done = json.loads(operator.types("audit-log", "--json").stdout)
    assert [(each["action"], each["target"], each["detail"]) for each in (failed, done)] == [
        ("end-visits", "ann", " "),
        ("end-visits", "ann", "left"),
    ]
    assert done["outcome"] == "done"
