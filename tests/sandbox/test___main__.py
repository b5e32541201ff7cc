"""`python -m sandbox`."""

import importlib
import subprocess
import sys


def test_it_says_how_it_is_used() -> None:
    """The module runs as a program and explains itself."""
    told = subprocess.run(
        [sys.executable, "-m", "sandbox", "--help"], capture_output=True, text=True, check=True
    )
    assert "--service NAME=KEY" in told.stdout


def test_importing_it_starts_nothing() -> None:
    """Only running the module starts a sandbox."""
    assert importlib.import_module("sandbox.__main__").serve
