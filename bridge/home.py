"""The data directory: what lies where, and the settings and secrets that are made when there are none."""

import importlib.resources
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.configuration import LOCK, PLACES
from worker.errors import SettingsError

_SECRET_FILE: Final = re.compile(r'"file:(secrets/[a-z0-9.-]+)"')


@dataclass(frozen=True, slots=True)
class Home:
    """The data directory of one bridge. `directory` is absolute."""

    directory: Path

    @classmethod
    def at(cls, directory: Path) -> "Home":
        """Return the data directory at a path, made where it is missing. Raises SettingsError."""
        home = cls(directory.absolute())
        try:
            home.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            home.run.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsError(
                f"the data directory {home.directory} cannot be made: {error.strerror}"
            ) from error
        return home

    @property
    def places(self) -> Path:
        """Where a running bridge says where its things are."""
        return self.directory / PLACES

    @property
    def lock(self) -> Path:
        """What keeps a second bridge away from this data."""
        return self.directory / LOCK

    @property
    def redis(self) -> Path:
        """The private Redis's own directory."""
        return self.directory / "redis"

    @property
    def blobs(self) -> Path:
        """Whole messages, where the settings name no other place."""
        return self.directory / "blobs"

    @property
    def run(self) -> Path:
        """Small files that matter only while the bridge runs."""
        return self.directory / "run"

    @property
    def sandbox_journal(self) -> Path:
        """What lets the sandbox's interactions survive a restart."""
        return self.directory / "sandbox.jsonl"

    @property
    def settings(self) -> Path:
        """The settings file that is used when no other is named."""
        return self.directory / "bridge.toml"

    def default_settings(self) -> Path:
        """Return the settings file of this directory, written on the first start, its secrets with it."""
        if not self.settings.exists():
            text = importlib.resources.files("bridge").joinpath("default.toml").read_text(encoding="utf-8")
            self.settings.write_text(text, encoding="utf-8")
        written = self.settings.read_text(encoding="utf-8").splitlines()
        said = "\n".join(line for line in written if not line.lstrip().startswith("#"))
        for name in _SECRET_FILE.findall(said):
            path = self.directory / name
            if not path.exists():
                path.parent.mkdir(exist_ok=True, mode=0o700)
                write_private(path, secrets.token_hex(24) + "\n")
        return self.settings


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read; readers see the old one or the new one, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
