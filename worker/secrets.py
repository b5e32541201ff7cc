"""Secrets: what a reference (`env:NAME`, `file:PATH`) leads to. Values never stand in settings."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from worker.errors import SecretMissing


class Secrets:
    """Reads secrets; a changed file is read again, so a key can rotate without a restart."""

    def __init__(self, base: Path) -> None:
        #: Relative file references begin here: the directory of the settings file.
        self._base = base
        self._read: dict[Path, tuple[int, str]] = {}

    def value(self, reference: str) -> str:
        """Return what a reference leads to. Raises SecretMissing."""
        kind, _, place = reference.partition(":")
        if kind == "env":
            if value := os.environ.get(place):
                return value
            raise SecretMissing(f"{reference}: the environment variable {place} is not set or empty")
        return self._file(reference, self._base / place)

    def reader(self, reference: str) -> Callable[[], str]:
        """Return a function that gives the secret's present value."""
        return lambda: self.value(reference)

    def readers(self, references: Sequence[str]) -> Callable[[], tuple[str, ...]]:
        """Return a function that gives the present values of several secrets, in order."""
        return lambda: tuple(map(self.value, references))

    def url(self, written: str) -> str:
        """Return a URL that may itself be a reference, because it may hold a password."""
        return self.value(written) if written.startswith(("env:", "file:")) else written

    def _file(self, reference: str, path: Path) -> str:
        try:
            changed = path.stat().st_mtime_ns
            known = self._read.get(path)
            if known is None or known[0] != changed:
                known = (changed, path.read_text(encoding="utf-8").strip())
                self._read[path] = known
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise SecretMissing(f"{reference}: {path} cannot be read: {reason}") from error
        if not known[1]:
            raise SecretMissing(f"{reference}: {path} is empty")
        return known[1]
