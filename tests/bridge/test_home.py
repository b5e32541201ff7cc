"""The data directory."""

import stat
from pathlib import Path

import pytest

from bridge.home import Home, write_private
from worker.errors import SettingsError


def test_settings_are_written_once_with_secrets_of_their_own(tmp_path: Path) -> None:
    """What a person changed stays; each data directory has other secrets, for its owner's eyes only."""
    first, other = Home.at(tmp_path / "a"), Home.at(tmp_path / "b")
    path = first.default_settings()
    path.write_text(path.read_text() + "# mine\n")
    secrets = {each.name: each.read_text() for each in (first.directory / "secrets").iterdir()}
    assert first.default_settings().read_text().endswith("# mine\n")
    assert {each.name: each.read_text() for each in (first.directory / "secrets").iterdir()} == secrets
    assert set(secrets) == {"sandbox.key", "tickets.key", "links.key", "example-client.key"}
    assert len(secrets["tickets.key"].strip()) == 48
    other.default_settings()
    assert (other.directory / "secrets/tickets.key").read_text() != secrets["tickets.key"]
    for each in (first.directory / "secrets").iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


def test_private_means_private(tmp_path: Path) -> None:
    """A file that was open to all is replaced by one that is not."""
    path = tmp_path / "places.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """The reason is the system's, in words."""
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be made: Not a directory"):
        Home.at(tmp_path / "file" / "data")
