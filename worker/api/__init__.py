"""The Open Media API over HTTP: from an operation to its outcome.

`requests` writes, `answers` reads and `failures` judges what broke, all three pure; `connections` owns the
sockets and `client` is the adapter that joins them (port `worker.ports.Api`). No decision about a command is
taken here, and nothing is reported: the drain does both.
"""

from worker.api.client import OpenMediaApi
from worker.api.connections import Connections

__all__ = ["Connections", "OpenMediaApi"]
