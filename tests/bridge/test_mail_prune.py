"""`bridge mail prune`, as a person types it."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli.program import app
from worker.blob import BlobName
from worker.blobs.directory import DirectoryBlobs
from worker.blobs.layout import path_of

_SETTINGS = """
[store]
url = "redis://127.0.0.1:1"
[blobs]
url = "file:kept"
retention_s = 3600
"""


def invoke(*arguments: str) -> Result:
    """Type a command."""
    return CliRunner().invoke(app, arguments)


@pytest.mark.usefixtures("environment")
def test_old_messages_go_and_dry_runs_only_say_so(tmp_path: Path) -> None:
    """What is over is deleted once; what is young stays."""
    (tmp_path / "bridge.toml").write_text(_SETTINGS)
    root, names = tmp_path / "kept", [BlobName.of("mail", each) for each in (b"old", b"young")]
    for name in names:
        asyncio.run(DirectoryBlobs(root).put(name, b"x"))
    past = time.time() - 7200
    os.utime(root / path_of(names[0]), (past, past))
    command = ("mail", "prune", "--config", str(tmp_path / "bridge.toml"))
    dry = invoke(*command, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "1 of 2 messages would be deleted" in dry.output
    assert json.loads(invoke(*command, "--json").stdout)["deleted"] == 1
    assert json.loads(invoke(*command, "--json").stdout) == {
        "seen": 1,
        "deleted": 0,
        "deleted_bytes": 0,
        "stopped": False,
    }
    assert [path.name for path in root.rglob("*") if path.is_file()] == [names[1].digest]


@pytest.mark.usefixtures("environment")
def test_where_nothing_is_kept_there_is_nothing_to_do(tmp_path: Path) -> None:
    """And no mistake either."""
    (tmp_path / "bridge.toml").write_text(_SETTINGS.replace("file:kept", "none"))
    told = invoke("mail", "prune", "--config", str(tmp_path / "bridge.toml"))
    assert told.exit_code == 0
    assert "0 of 0 messages deleted" in told.output
