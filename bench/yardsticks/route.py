"""The bare route: uvicorn and Starlette reading a body and answering nothing.

`python -m bench.yardsticks.route PORT-FILE`.
"""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def nothing(request: Request) -> Response:
    """Read the body and answer."""
    await request.body()
    return Response(b'{"status":"accepted"}', 202, media_type="application/json")


async def serve(port_file: Path) -> None:
    """Serve for ever on a free port, which is written to `port_file`."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    app = Starlette(routes=[Route("/channels/{channel}", nothing, methods=["POST"])])
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", http="h11")
    port_file.write_text(str(listening.getsockname()[1]))
    await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
