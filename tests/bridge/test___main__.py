"""`python -m bridge`."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess


def test_it_says_its_version(tmp_path: Path, bridge: Callable[..., CompletedProcess[str]]) -> None:
    """The module runs as a program."""
    assert bridge("--version", cwd=tmp_path).stdout == f"openmedia-bridge {version('openmedia-bridge')}\n"
