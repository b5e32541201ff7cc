"""The bare loop: aiohttp, nothing remembered, nothing promised. What one process could do at best.

`python -m bench.yardsticks.loop IN-FLIGHT TOTAL`.
"""

import asyncio
import os
import sys

import aiohttp
import orjson
import uvloop

_TEXT = "x" * 900


async def run(in_flight: int, total: int) -> None:
    """Make so many calls, so many at once."""
    url = f"{os.environ['BENCH_STUB']}/nexus/v3/openmedia/support/interactions"
    numbers = iter(range(total))
    connector = aiohttp.TCPConnector(limit=in_flight)
    headers = {"x-api-key": "bench", "content-type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def caller() -> None:
            for number in numbers:
                body = orjson.dumps(
                    {"data": {"externalId": f"loop-{number}", "userData": {"Text": "x" * 900}}}
                )
                async with session.post(url, data=body) as answer:
                    answer.raise_for_status()
                    await answer.read()

        await asyncio.gather(*(caller() for _ in range(in_flight)))


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), int(sys.argv[2])))
