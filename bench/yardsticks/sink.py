"""The sink: aiosmtpd taking mails and forgetting them.

`python -m bench.yardsticks.sink PORT-FILE`.
"""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP


async def serve(port_file: Path) -> None:
    """Serve for ever on a free port, which is written to `port_file`."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), hostname="sink"), "127.0.0.1", 0)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
