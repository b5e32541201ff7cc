"""The lock: one bridge at a time on one data directory.

The kernel holds it for as long as any process has the file open, so it never outlives its holders. The
private Redis inherits it: otherwise one that was left behind would share its file with the next one.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from worker.errors import BridgeError, SettingsError

#: How long what a dead bridge left behind may take to end.
_PATIENCE_S: Final = 30.0


class AnotherBridge(BridgeError):
    """Another bridge works on this data."""


class DataLock:
    """The right to work on a data directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    @property
    def file(self) -> int:
        """The open file, for a child to inherit."""
        return self._file

    def take(self, *, patience_s: float = _PATIENCE_S) -> None:
        """Take the lock; wait a little for what a dead bridge left behind.

        Raises AnotherBridge, or SettingsError when the directory is none to write in.
        """
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SettingsError(f"{self._path} cannot be written: {error.strerror}") from error
        deadline = time.monotonic() + patience_s
        while not self._locked():
            holder = self._holder()
            if _alive(holder) or time.monotonic() > deadline:
                self.release()
                raise AnotherBridge(self._refusal(holder))
            time.sleep(0.1)
        os.truncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go of it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _locked(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> int:
        written = os.pread(self._file, 20, 0)
        return int(written) if written.isdigit() else 0

    def _refusal(self, holder: int) -> str:
        directory = self._path.parent
        if _alive(holder):
            return f"another bridge (pid {holder}) runs on {directory}: stop it, or use another --data"
        return (
            f"a Redis that an earlier bridge (pid {holder}, gone) left behind still runs on {directory}: "
            "end it, then start again"
        )


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
