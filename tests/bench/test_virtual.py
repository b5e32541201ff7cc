"""Virtual time passes only where somebody waits, and by exactly as much."""

import asyncio
import time

from bench import virtual


def test_an_hour_passes_at_once_and_in_order() -> None:
    """Who sleeps for less wakes first, and the clock shows what was slept."""

    async def scene() -> tuple[list[int], float]:
        woken: list[int] = []

        async def sleep(seconds: int) -> None:
            await asyncio.sleep(seconds)
            woken.append(seconds)

        began = asyncio.get_running_loop().time()
        await asyncio.gather(sleep(3600), sleep(60), sleep(1800))
        return woken, asyncio.get_running_loop().time() - began

    began = time.monotonic()
    assert virtual.run(scene()) == ([60, 1800, 3600], 3600)
    assert time.monotonic() - began < 600
