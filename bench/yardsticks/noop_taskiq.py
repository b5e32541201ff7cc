"""A taskiq task that does nothing.

`python -m bench.yardsticks.noop_taskiq COUNT` sends so many.
"""

import asyncio
import os
import sys
from typing import Final

from taskiq_redis import ListQueueBroker

#: The list in Redis in which its messages wait.
QUEUE: Final = "taskiq"

broker = ListQueueBroker(os.environ.get("BENCH_BROKER", "redis://127.0.0.1:1"))


@broker.task(task_name="noop.taskiq")
async def nothing() -> None:
    """Do nothing."""


async def send(count: int) -> None:
    """Send so many."""
    await broker.startup()
    for _ in range(count):
        await nothing.kiq()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(send(int(sys.argv[1])))
