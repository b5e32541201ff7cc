"""Interactions that survive a restart: one JSON line per effect, saying what an interaction has become."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sandbox.interaction import FIELDS, Interaction


class Journal:
    """An append-only file of effects."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_cut_line()
        self._file: IO[str] = path.open("a", encoding="ascii")

    def _drop_cut_line(self) -> None:
        # a process killed while writing leaves half a line; what follows must not be glued to it
        if not self._path.exists():
            return
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with self._path.open("r+b") as file:
                file.truncate(whole)

    def append(self, interaction: Interaction) -> None:
        """Write what an interaction has become, and hand it to the operating system before returning."""
        self._file.write(json.dumps(interaction.record()) + "\n")
        self._file.flush()

    def replay(self) -> Iterator[Interaction]:
        """Every effect so far, oldest first."""
        with self._path.open(encoding="ascii") as lines:
            for line in lines:
                record = json.loads(line)
                yield Interaction(**{name: record.get(name) for name in FIELDS})

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
