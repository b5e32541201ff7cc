"""A sandbox in this process, one as a process of its own, and short ways to ask either of them something."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.behaviour import Behaviour
from sandbox.call import BASE, read_call
from sandbox.document import read_document
from sandbox.fault import NO_FAULT, Fault
from sandbox.moment import Clock
from sandbox.settings import Settings
from sandbox.world import World

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SERVICES = {"support": frozenset({"KEY", "OLD"}), "sales": frozenset({"SALES"})}


@dataclass
class Desk:
    """A world, and calls to it without any HTTP."""

    world: World

    def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = "KEY", fault: Fault = NO_FAULT
    ) -> tuple[int, Any]:
        """Call `{service}/interactions...`; gives the status and the body, read if it is JSON."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        call = read_call(method, BASE + path.encode())
        answer = self.world.perform(call, key, read_document(raw), fault)
        assert answer is not None
        readable = answer.body and answer.content_type == "application/json"
        return answer.status, json.loads(answer.body) if readable else answer.body

    def create(self, external_id: str = "a", **data: object) -> tuple[int, Any]:
        """Create an interaction in the service `support`."""
        return self.ask("POST", "support/interactions", {"data": {"externalId": external_id, **data}})

    def get(self, target: str = "ext_a") -> tuple[int, Any]:
        """Read an interaction of the service `support`."""
        return self.ask("GET", f"support/interactions/{target}")

    def stop(self, target: str = "ext_a", **data: object) -> tuple[int, Any]:
        """Stop an interaction of the service `support`."""
        return self.ask("POST", f"support/interactions/{target}/stop", {"data": data})

    def update(self, target: str = "ext_a", **data: object) -> tuple[int, Any]:
        """Update an interaction of the service `support`."""
        return self.ask("POST", f"support/interactions/{target}/update", {"data": data})

    def behave(self, **fields: object) -> "Desk":
        """Read the contract otherwise."""
        self.world.behaviour = Behaviour.model_validate(fields)
        return self


@dataclass
class InProcess:
    """Requests to an application in this process."""

    app: ASGIApp
    headers: dict[str, str] = field(default_factory=lambda: {"x-api-key": "KEY"})

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401  # httpx's own keywords
        """Send one request."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://sandbox", headers=self.headers
            ) as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())


@dataclass
class Live:
    """A sandbox process and plain HTTP to it."""

    process: subprocess.Popen[str]
    port: int

    def connect(self) -> HTTPConnection:
        """A connection that is kept until it is closed."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send one request over a connection of its own."""
        connection = self.connect()
        try:
            raw = None if body is None else json.dumps(body)
            connection.request(method, path, raw, {"x-api-key": "KEY", "content-type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def read(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """Read JSON from the sandbox."""
        return json.loads(self.ask("GET", path)[1])

    def end(self) -> int:
        """Ask the process to stop; gives its exit code."""
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture
def make_desk() -> Callable[..., Desk]:
    """Builds a desk with the settings given."""

    def make(**fields: Any) -> Desk:  # noqa: ANN401  # the settings' own types
        settings = Settings(services=SERVICES, **fields)
        return Desk(World(settings, Clock(lambda: NOW), random.Random(7)))  # noqa: S311  # repeatable on purpose

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A world with the default behaviour."""
    return make_desk()


@pytest.fixture
def client() -> InProcess:
    """A client of a sandbox in this process."""
    app = create_app(Settings(services=SERVICES), now=lambda: NOW, dice=random.Random(7))  # noqa: S311  # repeatable
    return InProcess(app)


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Live]]:
    """Starts sandbox processes; those still running at the end are ended."""
    started: list[Live] = []

    def run(*arguments: str) -> Live:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--service", "support=KEY", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("sandbox listening on http://127.0.0.1:")
        started.append(Live(process, int(line.rsplit(":", 1)[1])))
        return started[-1]

    yield run
    for live in started:
        live.end()
        assert live.process.stdout is not None
        live.process.stdout.close()


@pytest.fixture(scope="session")
def shared(start: Callable[..., Live]) -> Live:
    """One process for the tests that leave nothing behind but interactions."""
    return start()


@pytest.fixture
def live(shared: Live) -> Iterator[Live]:
    """The shared process, without faults before and after."""
    yield shared
    shared.ask("DELETE", "/sandbox/faults")
    shared.ask("DELETE", "/sandbox/script")
