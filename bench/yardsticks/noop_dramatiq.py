"""A dramatiq actor that does nothing.

`python -m bench.yardsticks.noop_dramatiq COUNT` sends so many.
"""

import os
import sys
from typing import Final

import dramatiq
from dramatiq.brokers.redis import RedisBroker

#: The list in Redis in which its messages wait.
QUEUE: Final = "dramatiq:default"

_address = os.environ.get("BENCH_BROKER", "redis://127.0.0.1:1")
dramatiq.set_broker(RedisBroker(url=_address))  # type: ignore[no-untyped-call] # its constructor has no types


@dramatiq.actor
def nothing() -> None:
    """Do nothing."""


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        nothing.send()
