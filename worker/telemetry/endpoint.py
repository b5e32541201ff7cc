"""The endpoint: `/metrics`, `/livez` and `/readyz` of one process, on a port and a thread of their own.

It is for the machines that watch, not for senders: nothing of it stands at the door for webhooks.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from worker.errors import SettingsError
from worker.telemetry.health import Health

_JSON: Final = [("Content-Type", "application/json"), ("X-Content-Type-Options", "nosniff")]


class Endpoint:
    """A small HTTP server in the background."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, health: Health) -> None:
        """Listen; port 0 takes a free one. Raises SettingsError."""
        kind = _ServerV6 if ":" in host else _Server
        try:
            self._server = make_server(host, port, _application(registry, health), kind, _Quiet)
        except OSError as error:
            raise SettingsError(
                f"metrics: cannot listen on {host} port {port}: {error.strerror or error}; "
                "each process on a machine needs a port of its own"
            ) from error
        #: The port it listens on.
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="bridge-metrics",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    """One thread for each question, so that a slow one holds up no other."""

    daemon_threads = True
    block_on_close = False


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    #: How long a connection may say nothing.
    timeout = 5.0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's signature
        """Say nothing: a probe every few seconds is no news."""


def _application(registry: CollectorRegistry, health: Health) -> Callable[[Any, Any], Iterable[bytes]]:
    metrics = make_wsgi_app(registry)

    def application(environ: Any, start: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI has no types
        match environ["PATH_INFO"]:
            case "/metrics":
                told: Iterable[bytes] = metrics(environ, start)
                return told
            case "/livez":
                return _answer(start, health.live(), well="live")
            case "/readyz":
                return _answer(start, health.ready(), well="ready")
            case _:
                return _say(start, "404 Not Found", told="there is /metrics, /livez and /readyz")

    return application


def _answer(start: Any, complaint: str, *, well: str) -> Iterable[bytes]:  # noqa: ANN401 - as above
    if complaint:
        return _say(start, "503 Service Unavailable", told=f"not {well}", reason=complaint)
    return _say(start, "200 OK", told=well)


def _say(start: Any, status: str, *, told: str, **content: str) -> Iterable[bytes]:  # noqa: ANN401 - as above
    body = json.dumps({"status": told, **content}).encode()
    start(status, [*_JSON, ("Content-Length", str(len(body)))])
    return [body]
