"""`bridge mail sent`: said by hand, or by a script of the system that sends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from worker.commands import Create

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

_CHANNEL = """
[channels.mail]
connector = "email"
service = "support"
options = { addresses = ["support@example.com"] }
"""


def test_a_sent_mail_is_said_and_said_again(
    operator: "Operator", a_create: Callable[..., Create], tmp_path: Path
) -> None:
    """The answer names the conversation, for people and for programs."""
    config = tmp_path / "bridge.toml"
    config.write_text(config.read_text() + _CHANNEL)
    operator.accepts(a_create("c-1"), a_create("c-2", key="k-2"))
    said = ("mail", "sent", "mail", "<a1@desk.example.com>", "--for")
    assert operator.reads(*said, "c-1") == ["replies that come by mail go to c-1"]
    (line,) = operator.reads(*said, "c-1", "--json")
    assert json.loads(line) == {"channel": "mail", "externalId": "c-1"}
    assert "replies to it go to conversation 'c-1'" in operator.refused(*said, "c-2")


def test_nonsense_is_refused_in_a_sentence(operator: "Operator") -> None:
    """A channel that is none, or takes no mail."""
    said = ("<a1@desk.example.com>", "--for", "c-1")
    assert "no channel 'none' is configured" in operator.refused("mail", "sent", "none", *said)
    assert "takes no mail" in operator.refused("mail", "sent", "tickets", *said)
