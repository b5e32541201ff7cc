"""A Celery task that does nothing.

`python -m bench.yardsticks.noop_celery COUNT` sends so many.
"""

import os
import sys
from typing import Final

from celery import Celery

#: The list in Redis in which its messages wait.
QUEUE: Final = "celery"

app = Celery(broker=os.environ.get("BENCH_BROKER", "memory://"))
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task(name="noop.celery")
def nothing() -> None:
    """Do nothing."""


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        app.send_task("noop.celery", ignore_result=True)
