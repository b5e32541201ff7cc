"""The Open Media API over HTTP: from an operation to its outcome.

`requests` writes and `answers` reads, both pure; `wire` makes a call on one connection, `connections` owns
them, and `client` is the adapter that joins all of it (port `worker.ports.Api`). No decision about a command
is taken here, and nothing is reported: the drain does both.
"""

from worker.api.client import OpenMediaApi
from worker.api.connections import Connections

__all__ = ["Connections", "OpenMediaApi"]
