"""Where Prometheus' own tools are, for tests; without them a test skips and says so."""

import shutil
import subprocess

import pytest


def tool(name: str) -> str:
    """Return the path of `prometheus` or `promtool`; skip the test where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian's package prometheus has it)")
    return found


def promtool(*arguments: str) -> str:
    """Run promtool, which must find nothing to complain of, and return what it says."""
    ended = subprocess.run(
        [tool("promtool"), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
