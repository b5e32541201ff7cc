"""A receiver of OTLP over HTTP, for tests: takes spans as a collector would and remembers them."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Receiver(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        #: Every span that came, and the headers of every request.
        self.spans: list[Any] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """Where spans go."""
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Remember what a request brings."""
        said = ExportTraceServiceRequest.FromString(
            gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        )
        self.headers.append(headers)
        for resource in said.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)

    def trace(self, trace_id: str) -> list[Any]:
        """Return the spans of one trace, by their beginning."""
        found = [span for span in self.spans if span.trace_id.hex() == trace_id]
        return sorted(found, key=lambda span: span.start_time_unix_nano)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take one request."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.take({name.lower(): value for name, value in self.headers.items()}, body)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's signature
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Receive for as long as this lasts."""
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()
