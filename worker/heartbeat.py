"""The heartbeat: a file that a process touches for as long as it gets anything done.

For supervisors that look at files rather than ports: a file older than a minute belongs to a process that
hangs. What hangs does not touch it, because it is touched where the work is done.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from worker.errors import SettingsError

#: How often the file is touched, in seconds.
EVERY_S: Final = 5.0


class Heartbeat:
    """Keeps one file fresh."""

    def __init__(self, path: Path) -> None:
        """Touch it once. Raises SettingsError where that cannot be done."""
        self._path = path
        try:
            path.touch()
        except OSError as error:
            raise SettingsError(f"the heartbeat file {path} cannot be written: {error.strerror}") from error

    def beat(self) -> None:
        """Touch the file; what cannot be touched grows old, which says it all."""
        try:
            self._path.touch()
        except OSError:
            return

    async def keep(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Touch the file again and again, on the loop that does the work."""
        while True:
            self.beat()
            await sleep(EVERY_S)
