"""The wait for the store: a process that starts before its store gives it a minute."""

import asyncio
from typing import Final

import structlog

from worker.errors import StoreUnavailable
from worker.wiring import Bridge

#: How long a starting process waits for its store before it gives up, to be started again.
_STORE_PATIENCE_S: Final = 60.0


async def await_store(bridge: Bridge, stopped: asyncio.Event) -> bool:
    """Start a bridge once its store answers; return False when it was told to stop before that.

    Raises StoreUnsafe, or StoreUnavailable after a minute.
    """
    stopping = asyncio.create_task(stopped.wait())
    waiting = asyncio.create_task(_started(bridge))
    await asyncio.wait((stopping, waiting), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if waiting.done():
        await waiting
        return True
    waiting.cancel()
    return False


async def _started(bridge: Bridge) -> None:
    deadline = asyncio.get_running_loop().time() + _STORE_PATIENCE_S
    while True:
        try:
            return await bridge.start()
        except StoreUnavailable as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            structlog.get_logger().warning("store_awaited", reason=str(error))
            await asyncio.sleep(1)
