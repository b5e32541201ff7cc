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

    def path(self, reference: str) -> Path:
        """Return the file that a `file:` reference names, whether it is there or not."""
        return self._base / reference.removeprefix("file:")

    def replace(self, reference: str, value: str) -> bool:
        """Write a new value where a reference leads, at once or not at all; False where that is no file.

        Raises OSError.
        """
        if not reference.startswith("file:"):
            return False
        path = self.path(reference)
        beside = path.with_name(f".{path.name}.new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        return True

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
