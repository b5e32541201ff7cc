"""The command line itself."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bridge.cli.program import app


@pytest.mark.parametrize(
    "command",
    [
        "",
        "up",
        "demo",
        "intake",
        "worker",
        "beat",
        "status",
        "show",
        "check",
        "dead",
        "dead list",
        "dead show",
        "dead replay",
        "dead edit",
        "dead discard",
        "pause",
        "resume",
        "retry-now",
        "channel",
        "channel list",
        "channel new",
        "channel try",
        "events",
        "events send-test",
        "send",
        "send create",
        "send update",
        "send stop",
    ],
)
def test_every_command_explains_itself_and_its_exit_codes(command: str) -> None:
    """Help is one word away, and says how a command may end."""
    told = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert told.exit_code == 0
    assert "Exit codes: 0 all is well" in told.output


@pytest.mark.parametrize(
    "arguments", [["no-such"], ["show", "support"], ["up", "--http", "-1"], ["send", "create"]]
)
def test_wrong_usage_is_code_2(arguments: list[str]) -> None:
    """Scripts can tell a mistyped command from a bridge in trouble."""
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_help_loads_nothing_heavy() -> None:
    """Processes start quickly because the command line imports only what a command needs."""
    heavy = {"celery", "httpx", "redis", "pydantic", "starlette", "fastapi", "asyncio"}
    code = "import sys, bridge.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not heavy & set(loaded.split())
