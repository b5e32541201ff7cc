"""`bridge worker` and `bridge beat`."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_without_a_broker_there_is_one_sentence(
    command: str, tmp_path: Path, bridge: Callable[..., CompletedProcess[str]]
) -> None:
    """It says how to get one, where Celery would show a traceback."""
    told = bridge(command, cwd=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith(
        "bridge: broker.url is not set and no bridge runs here: start one with `bridge up`"
    )
    assert told.stderr.count("\n") == 1


def test_what_celery_does_not_know_is_wrong_usage(
    tmp_path: Path, bridge: Callable[..., CompletedProcess[str]]
) -> None:
    """Other arguments are Celery's, and so are their mistakes."""
    (tmp_path / "bridge.toml").write_text(
        '[store]\nurl = "redis://127.0.0.1:1"\n[broker]\nurl = "memory://"\n'
    )
    told = bridge("beat", "--no-such-option", cwd=tmp_path)
    assert told.returncode == 2
    assert "--no-such-option" in told.stderr
    assert "Traceback" not in told.stderr
