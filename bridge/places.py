"""Places: where the things of a running bridge are, written for people, scripts and other terminals."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bridge.home import write_private


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are. Holds no secret, though whoever may read it can reach the private Redis."""

    #: The variables with which another process joins this bridge.
    environment: Mapping[str, str]
    #: The intake's URL; webhooks go to `/channels/{channel}` beneath it.
    intake: str
    #: The host and the port of the mail door; empty where it is not opened.
    smtp: Mapping[str, Any]
    #: The sandbox's URL, None where none runs.
    sandbox: str | None
    #: The data directory.
    data: str
    #: The settings file.
    config: str
    #: The bridge's process.
    pid: int
    #: Commands that can be pasted into a terminal, by what they do.
    samples: Mapping[str, str] = field(default_factory=dict)
    #: Where each process tells its metrics and its health, where it does.
    metrics: Mapping[str, str] = field(default_factory=dict)
    #: The console's URL, None where none runs.
    console: str | None = None

    def line(self) -> str:
        """Return it all as one line of JSON."""
        return json.dumps(asdict(self))

    def write(self, path: Path) -> None:
        """Write it where `worker.configuration.find_running` looks."""
        write_private(path, self.line() + "\n")
