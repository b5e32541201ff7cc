"""The keeper: ends the children of a bridge that was killed and could not do it itself.

A process of its own that reads `name pid` lines (`name 0` once a child is gone) until its input ends, which
happens however the bridge dies. Started by its path and without site-packages, so that it costs next to
nothing: only the standard library may be imported here.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

#: Ended last: the others still write to it.
LAST: Final = "redis"
#: How long children may take before they are killed.
_PATIENCE_S: Final = 60.0


def keep(lines: Iterable[str], leavings: Path) -> None:
    """Follow the children until the lines end, then end those that are left and tidy up."""
    children: dict[str, int] = {}
    for line in lines:
        name, pid = line.split()
        if pid == "0":
            children.pop(name, None)
        else:
            children[name] = int(pid)
    if not children:
        return
    leavings.unlink(missing_ok=True)
    end([pid for name, pid in children.items() if name != LAST])
    end([pid for name, pid in children.items() if name == LAST])


def end(pids: list[int]) -> None:
    """Ask processes to end and wait for it; kill what does not."""
    _send(pids, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_S
    while any(_runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    _send([pid for pid in pids if _runs(pid)], signal.SIGKILL)


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        # in a container, the first process may take long to take note of a death, or never do
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state != "Z"


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    keep(sys.stdin, Path(sys.argv[1]))
