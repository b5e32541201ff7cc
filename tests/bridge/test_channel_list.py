"""`bridge channel list`, and the kinds there are."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli.program import app

SETTINGS = """
[services.support]
base_url = "https://host.example/nexus/v3"
api_key = "env:KEY"
[channels.desk]
connector = "slack"
service = "support"
[channels.open]
connector = "webhook"
service = "support"
verify = { scheme = "none" }
[channels.mail]
connector = "email"
service = "support"
[channels.odd]
connector = "pigeon"
service = "support"
"""


def test_every_channel_is_listed_with_its_door_and_its_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each channel, also for one that is of no kind there is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRIDGE_CONFIG", raising=False)
    Path("bridge.toml").write_text(SETTINGS)
    told = CliRunner().invoke(app, ["channel", "list"], env={"COLUMNS": "200"})
    lines = [" ".join(line.split()) for line in told.output.splitlines()]
    assert lines[1:4] == [
        "desk slack support slack POST /channels/desk",
        "open webhook support none POST /channels/open",
        "mail email support none mail",
    ]
    assert lines[4].startswith("odd pigeon support no kind of connector is called 'pigeon'")


def test_a_broken_kind_is_listed_with_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that cannot be loaded does not keep the others from being listed."""
    info = tmp_path / "coop-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: coop\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[openmedia_bridge.connectors]\npigeon = no_such_module:KIND\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    told = CliRunner().invoke(app, ["channel", "new"], env={"COLUMNS": "200"})
    assert "'pigeon' of the package coop cannot be loaded" in " ".join(told.output.split())
    assert "Slack" in told.output
