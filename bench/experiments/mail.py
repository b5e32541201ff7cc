"""Mail: mails of 20 KB by SMTP, understood, appended and on the disk before they are answered."""

import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Final

from bench.figure import Figure, Goal
from bench.parts import Ours, Rig, free_port, listens, until
from bench.post import ADDRESS
from bench.scale import Scale

_CONNECTIONS: Final = 8
_numbers = count(step=1_000_000)


def measure(scale: Scale) -> list[Figure]:
    """Return the figures of the mail door."""
    with Rig() as rig:
        ours = Ours(rig, channels={"mail": _channel()})
        door, sink = _start_door(ours), _start_sink(rig)
        taken, forgotten = [], []
        for _ in range(scale.rounds):
            rig.flush()
            total = scale.calls(1500)
            taken.append(_post(door, total))
            forgotten.append(_post(sink, total))
    what, against = "mail intake by SMTP, 20 KB", "aiosmtpd's sink"
    return [
        Figure(what, "/s", tuple(taken), against, tuple(forgotten), Goal(0.4)),
        Figure(f"{what}, as it is", "/s", tuple(taken), "", (), Goal(150), of_ratio=False),
    ]


def _channel() -> dict[str, object]:
    return {"connector": "email", "service": "service0", "options": {"addresses": [ADDRESS]}}


def _start_door(ours: Ours) -> int:
    port = free_port()
    environment = {**ours.environment, "BRIDGE_SMTP_PORT": str(port), "BRIDGE_DATA": str(ours.rig.directory)}
    ours.rig.start("-m", "bridge", "intake", "--doors", "smtp", **environment)
    until(lambda: listens(port), "the mail door answers")
    return port


def _start_sink(rig: Rig) -> int:
    told: Path = rig.directory / "sink.port"
    rig.start("-m", "bench.yardsticks.sink", str(told))
    until(lambda: told.exists() and told.read_text() != "", "the sink listens")
    return int(told.read_text())


def _post(port: int, total: int) -> float:
    words = (port, total, _CONNECTIONS, next(_numbers))
    command = [sys.executable, "-m", "bench.post", *map(str, words)]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)
