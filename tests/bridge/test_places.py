"""How other terminals find a running bridge."""

import stat
from pathlib import Path

from bridge.places import Places


def _write(directory: Path, config: Path) -> Path:
    directory.mkdir()
    environment = {"BRIDGE_CONFIG": str(config), "BRIDGE_STORE_URL": "unix:///private.sock"}
    smtp = {"host": "127.0.0.1", "port": 8025}
    path = directory / "places.json"
    Places(environment, "http://127.0.0.1:8080", smtp, None, str(directory), str(config), 1).write(path)
    return path


def test_they_are_for_their_owner(tmp_path: Path) -> None:
    """Who can read them can reach the private Redis."""
    path = _write(tmp_path / "bridge-data", tmp_path / "bridge.toml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
