"""How other terminals find a running bridge."""

import stat
from pathlib import Path

import pytest

from bridge.places import Places, attach
from worker.errors import SettingsError


def _write(directory: Path, config: Path) -> Path:
    directory.mkdir()
    environment = {"BRIDGE_CONFIG": str(config), "BRIDGE_STORE_URL": "unix:///private.sock"}
    smtp = {"host": "127.0.0.1", "port": 8025}
    path = directory / "places.json"
    Places(environment, "http://127.0.0.1:8080", smtp, None, str(directory), str(config), 1).write(path)
    return path


def test_a_bridge_with_these_settings_is_joined(environment: dict[str, str], tmp_path: Path) -> None:
    """With ./bridge.toml, the embedded Redis is found; what the environment says itself stays."""
    (tmp_path / "bridge.toml").touch()
    _write(tmp_path / "bridge-data", tmp_path / "bridge.toml")
    attach()
    assert environment["BRIDGE_STORE_URL"] == "unix:///private.sock"
    environment["BRIDGE_STORE_URL"] = "redis://elsewhere"
    attach()
    assert environment["BRIDGE_STORE_URL"] == "redis://elsewhere"


def test_a_bridge_with_other_settings_is_left_alone(environment: dict[str, str], tmp_path: Path) -> None:
    """Whoever names other settings does not mean that bridge."""
    (tmp_path / "bridge.toml").touch()
    _write(tmp_path / "bridge-data", tmp_path / "other.toml")
    attach()
    assert "BRIDGE_STORE_URL" not in environment


def test_nonsense_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    """A file that no bridge wrote is an error with its path."""
    environment["BRIDGE_CONFIG"] = "bridge.toml"
    path = _write(tmp_path / "bridge-data", tmp_path / "bridge.toml")
    path.write_text("[]")
    with pytest.raises(SettingsError, match=r"places\.json is not what a running bridge writes there"):
        attach()


def test_they_are_for_their_owner(tmp_path: Path) -> None:
    """Who can read them can reach the private Redis."""
    path = _write(tmp_path / "bridge-data", tmp_path / "bridge.toml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
