"""The load: signed webhooks over kept connections, written beforehand so that sending costs next to nothing.

`python -m bench.load PORT CHANNEL COUNT CONNECTIONS RATE FIRST BURST` prints JSON: requests per second, how
many were not answered with success, the latency of each in milliseconds, and when each was due on the
machine's monotonic clock. RATE 0 sends as fast as answers come; BURST neighbours are of one conversation, and
due at once.
"""

import asyncio
import hmac
import json
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import uvloop

from bench.samples import delivery

KEY: Final = b"bench"
_HEAD: Final = (
    b"POST /channels/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"X-Signature-256: %s\r\nContent-Length: %d\r\n\r\n%s"
)


def request(channel: str, lane: int, number: int) -> bytes:
    """Return the bytes of the n-th webhook."""
    body = delivery(lane, number)
    return _HEAD % (channel.encode(), hmac.new(KEY, body, "sha256").hexdigest().encode(), len(body), body)


class Caller:
    """One connection: sends the next request when the last was answered and its time has come."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.latencies: list[float] = []
        self.failed = 0

    async def run(self, waiting: Iterator[tuple[float, bytes]], began: float) -> None:
        """Send what waits until there is no more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        for due, content in waiting:
            ahead = began + due - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            # Measured from when it should have been sent: a late sender hides nothing.
            start = began + due if due else time.perf_counter()
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            self.latencies.append((time.perf_counter() - start) * 1000)
            self.failed += not head.startswith(b"HTTP/1.1 20")
        writer.close()


async def drive(
    port: int, requests: list[bytes], connections: int, rate: float, burst: int
) -> dict[str, Any]:
    """Send the requests and return what was seen."""
    times = [number // burst * burst / rate if rate else 0.0 for number in range(len(requests))]
    waiting = iter(list(zip(times, requests, strict=True)))
    callers = [Caller(port) for _ in range(connections)]
    began = time.perf_counter()
    await asyncio.gather(*(caller.run(waiting, began) for caller in callers))
    elapsed = time.perf_counter() - began
    return {
        "per_s": len(requests) / elapsed,
        "failed": sum(caller.failed for caller in callers),
        "due_ns": [int((began + each) * 1e9) for each in times],
        "latencies_ms": sorted(each for caller in callers for each in caller.latencies),
    }


if __name__ == "__main__":
    _port, _channel, _count, _connections, _rate, _first, _burst = sys.argv[1:]
    _requests = [
        request(_channel, int(_first) + number // int(_burst), int(_first) + number)
        for number in range(int(_count))
    ]
    _seen = drive(int(_port), _requests, int(_connections), float(_rate), int(_burst))
    # Not by `print`: with PYTHONUNBUFFERED set, a write that a pipe takes in part is not completed.
    with open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False) as out:
        json.dump(uvloop.run(_seen), out)
