"""What people did, read at the command line."""

import getpass
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_what_was_typed_stands_in_the_audit_log(operator: "Operator") -> None:
    """Newest first, by whom and why; what failed too."""
    assert operator.reads("audit-log") == ["nothing of the kind was recorded"]
    operator.reads("pause", "support", "--reason", "maintenance")
    operator.refused("channel", "pause", "nowhere", "--reason", "x")
    deeds = json.loads(operator.reads("audit-log", "--json")[0])
    assert [(each["action"], each["target"], each["outcome"].partition(":")[0]) for each in deeds] == [
        ("pause-channel", "nowhere", "failed"),
        ("pause-service", "support", "done"),
    ]
    assert {(each["person"], each["how"]) for each in deeds} == {(getpass.getuser(), "terminal")}
    lines = operator.reads("audit-log", "--action", "pause-service")
    assert [line for line in lines if "pause-service support" in line]
    assert not [line for line in lines if "pause-channel" in line]
    assert len(json.loads(operator.reads("audit-log", "--limit", "1", "--json")[0])) == 1
    assert operator.reads("audit-log", "--person", "nobody") == ["nothing of the kind was recorded"]
