"""The doorbell: Celery messages that say "there may be work" and carry none."""

import asyncio

from celery import Celery

from worker.events import RingFailed
from worker.lanes import Partition
from worker.ports import Listener

#: The name of the task that answers a ring.
DRAIN = "bridge.drain"
#: A ring nobody answered for so long has been followed by others.
_EXPIRES_S = 30


class CeleryDoorbell:
    """Implements `worker.ports.Doorbell`."""

    def __init__(self, celery: Celery, listen: Listener) -> None:
        self._celery = celery
        self._listen = listen

    async def ring(self, partition: Partition, *, hops: int = 0) -> bool:
        """See `worker.ports.Doorbell.ring`."""
        try:
            await asyncio.to_thread(self._send, partition, hops)
        except Exception as error:  # noqa: BLE001 - whatever a broker can do wrong costs a ring, not a command
            reason = f"{type(error).__name__}: {error}"
            self._listen(RingFailed(partition.service, partition.index, reason))
            return False
        return True

    def _send(self, partition: Partition, hops: int) -> None:
        arguments = (partition.service, partition.index, hops)
        self._celery.send_task(DRAIN, args=arguments, expires=_EXPIRES_S, ignore_result=True)
