"""`bridge demo`."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bridge.demo import STEPS


def test_every_file_is_sent() -> None:
    """No input of the demonstration lies about unused, and none is missing."""
    directory = Path(__file__).parents[2] / "bridge/demo_input"
    files = {str(path.relative_to(directory)) for path in directory.glob("*/*")}
    assert {step.name for step in STEPS} == files


@pytest.mark.story
def test_it_turns_out_as_it_should(tmp_path: Path, bridge: Callable[..., CompletedProcess[str]]) -> None:
    """Whatever is configured here: exit code 0, a table of what became of it, and nothing left behind."""
    (tmp_path / "bridge.toml").write_text("this is not read")
    told = bridge("demo", cwd=tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count("  ok\n") == len(STEPS)
    assert "As it should be: 15 deliveries, 7 conversations, and 7 creates at the API" in told.stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "bridge.toml"]
