"""What happens to the children of a bridge that was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import keeper


@pytest.fixture
def leavings(tmp_path: Path) -> Path:
    """What a killed bridge leaves."""
    path = tmp_path / "places.json"
    path.touch()
    return path


def _sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])


def _keeper(leavings: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-I", "-S", keeper.__file__, str(leavings)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True)


def test_orphans_are_ended_and_their_places_forgotten(leavings: Path) -> None:
    """When the lines end, whoever is still named is asked to end, Redis too."""
    worker, redis = _sleeper(), _sleeper()
    kept = _keeper(leavings)
    assert kept.stdin is not None
    kept.stdin.write(f"worker {worker.pid}\nredis {redis.pid}\n")
    kept.stdin.close()
    # the keeper is no parent of theirs: it waits until somebody has taken note of their ends
    assert [worker.wait(30), redis.wait(30)] == [-signal.SIGTERM, -signal.SIGTERM]
    assert kept.wait(30) == 0
    assert not leavings.exists()


def test_a_bridge_that_ended_well_leaves_nothing_to_do(leavings: Path) -> None:
    """Whoever was said to be gone is not touched, and neither are the places of the next bridge."""
    worker = _sleeper()
    kept = _keeper(leavings)
    kept.communicate(f"worker {worker.pid}\nworker 0\n")
    assert kept.returncode == 0
    assert worker.poll() is None
    assert leavings.exists()
    worker.kill()
    worker.wait()
