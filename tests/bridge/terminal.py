"""A terminal for tests: a program that believes a person watches, and what that person sees."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATIENCE_S = 60.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


class Terminal:
    """Runs one command on a pseudo-terminal."""

    def __init__(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        #: Every byte that came, escapes and all.
        self.raw = ""

    @property
    def seen(self) -> str:
        """What came, as text alone."""
        return _ESCAPES.sub("", self.raw)

    def wait_for(self, text: str) -> None:
        """Return when a text has come."""
        deadline = time.monotonic() + _PATIENCE_S
        while text not in self.seen:
            assert self._read() and time.monotonic() < deadline, f"{text!r} did not come: {self.seen}"  # noqa: PT018

    def press(self, key: str) -> None:
        """Press a key."""
        os.write(self._master, key.encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        code = self.process.wait(timeout=_PATIENCE_S)
        os.close(self._master)
        return code

    def _read(self) -> bool:
        """Read what comes; return whether there may be more."""
        if not select.select([self._master], [], [], 1.0)[0]:
            return True
        try:
            got = os.read(self._master, 65536)
        except OSError:  # Linux says so when the other end is closed
            return False
        self.raw += got.decode(errors="replace")
        return bool(got)
