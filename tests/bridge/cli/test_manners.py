"""Manners of the terminal: tables that fit, colours only where they are wanted, exit codes that are said."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bridge.cli.program import app
from tests.bridge.cli.test_json import EVERY
from tests.bridge.terminal import Terminal

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

#: Commands that print tables, with what makes them wide.
TABLES = (
    ("status",),
    ("dead", "list", "support"),
    ("dead", "list", "support", "--each"),
    ("channel", "list"),
    ("channel", "new"),
    ("sweep", "history", "support", "--each"),
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-7]|9[0-7])m")


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"sandbox"}))
def test_every_command_says_how_it_may_end(name: str) -> None:
    """Exit codes stand below each help; the sandbox has a help of its own."""
    told = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "200"})
    assert "Exit codes: 0 all is well" in told.output


@pytest.mark.parametrize("command", TABLES, ids=" ".join)
@pytest.mark.parametrize("width", [70, 100])
def test_tables_fit_the_width(
    operator: "Operator",
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    width: int,
    a_create: Any,  # noqa: ANN401 - a fixture's function
) -> None:
    """Whatever stands in them: a long name is folded within its column."""
    operator.buries(a_create("conversation-" + "long-" * 20))
    monkeypatch.setattr("bridge.screen.Console", partial(Console, width=width))
    lines = operator.types(*command).stdout
    # a row has gaps; a sentence has none, and is left to the terminal to wrap, so that it can be copied
    rows = [line for line in lines.splitlines() if "  " in line.strip()]
    assert [line for line in rows if len(line.rstrip()) > width] == []


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals_that_want_them(
    operator: "Operator",
    tmp_path: Path,
    environment: dict[str, str],
    variables: dict[str, str],
    *,
    coloured: bool,
) -> None:
    """NO_COLOR is obeyed (https://no-color.org)."""
    del operator
    own = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    command = [sys.executable, "-m", "bridge", "status"]
    terminal = Terminal(command, cwd=tmp_path, environment={**own, "TERM": "xterm-256color", **variables})
    terminal.wait_for("all is well")
    assert terminal.end() == 0
    assert bool(_COLOUR.search(terminal.raw)) == coloured


def test_a_pipe_gets_no_colours(operator: "Operator", tmp_path: Path, environment: dict[str, str]) -> None:
    """Nor anything else that a terminal would obey."""
    del operator
    own = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    ended = subprocess.run(
        [sys.executable, "-m", "bridge", "status"],
        cwd=tmp_path,
        env={**own, "TERM": "xterm-256color"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "all is well" in ended.stdout
    assert "\x1b" not in ended.stdout + ended.stderr
