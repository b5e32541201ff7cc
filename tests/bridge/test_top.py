"""`bridge top` shows live how everything stands, and ends when it is told to."""

import json
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.bridge.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bridge.conftest import Operator


@pytest.fixture
def terminal(operator: "Operator", tmp_path: "Path", environment: dict[str, str]) -> Terminal:
    """`bridge top` on a terminal, beside the operator's."""
    del operator
    command = [sys.executable, "-m", "bridge", "top", "--every", "0.2", "--utc"]
    variables = {**environment, "KEY": "k", "TERM": "xterm-256color", "NO_COLOR": "1"}
    return Terminal(command, cwd=tmp_path, environment=variables)


def test_it_follows_what_happens_and_a_key_ends_it(operator: "Operator", terminal: Terminal) -> None:
    """Within a look or two, without anybody asking again."""
    terminal.wait_for("all is well")
    operator.types("pause", "support", "--reason", "the API moves")
    terminal.wait_for("support is paused because: the API moves")
    terminal.press("q")
    assert terminal.end() == 1, "something needs a person at the end"
    assert "\x1b[?1049l" in terminal.raw, "the screen that was there before is back"


def test_ctrl_c_ends_it_as_well(terminal: Terminal) -> None:
    """As people do; that is no failure."""
    terminal.wait_for("all is well")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 0


def test_where_nobody_watches_it_tells_once(operator: "Operator") -> None:
    """In a pipe as `bridge status` does, for a script in JSON."""
    assert operator.reads("top") == operator.reads("status")
    result = operator.types("top", "support", "--json")
    assert json.loads(result.stdout)["ok"] is True
