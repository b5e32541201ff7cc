"""The shell completes commands, options and the names of what is configured."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.cli import completion

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

SUBSCRIPTION = """
[subscriptions.crm]
url = "https://crm.example.com"
secrets = ["env:CRM"]
"""


@pytest.mark.usefixtures("operator")
def test_names_come_from_the_settings(tmp_path: Path) -> None:
    """Services, with the subscriptions that stand among them; channels; kinds."""
    settings = tmp_path / "bridge.toml"
    settings.write_text(settings.read_text() + SUBSCRIPTION)
    assert completion.services("") == ["support", "sales", "hook.crm"]
    assert completion.services("su") == ["support"]
    assert completion.channels("t") == ["tickets"]
    assert completion.subscriptions("c") == ["crm"]
    assert "slack" in completion.kinds("sl")


def test_without_settings_there_are_no_names(environment: dict[str, str]) -> None:
    """Nor any complaint: the line that somebody types stays as it is."""
    environment["BRIDGE_CONFIG"] = "nowhere.toml"
    assert completion.services("") == []


def complete(words: str, *, cwd: Path) -> list[str]:
    """Return what bash would offer after these words."""
    code = "import sys; sys.argv[0] = 'bridge'; import bridge.cli; bridge.cli.main()"
    asked = {"_BRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ended.stdout.split()


def test_bash_completes(operator: "Operator", tmp_path: Path) -> None:
    """Commands, and names behind them."""
    del operator  # its settings are what matters
    assert {"dead", "demo"} <= set(complete("bridge de", cwd=tmp_path))
    assert complete("bridge pause s", cwd=tmp_path) == ["support", "sales"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_can_be_had(shell: str) -> None:
    """To be put where a shell looks; nothing is installed by asking for it."""
    code = "import sys; sys.argv[0] = 'bridge'; import bridge.cli; bridge.cli.main()"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", "_BRIDGE_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "_BRIDGE_COMPLETE" in ended.stdout
