"""Processes: the parts of a real bridge, each of which can be killed, frozen and restarted by itself."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import redis

from tests.faults.grounds.choice import REDIS, Ground
from tests.faults.grounds.ground import Broker, Server, Store
from tests.faults.plan import BEATS, LONGEST, SERVICES, WORKERS
from tests.faults.proxy import Link, Way, to_port
from tests.ports import free_port

ROOT: Final = Path(__file__).parents[2]
API_KEY: Final = "faults-api-key"
HOOK_SECRET: Final = "faults-hook-secret"
CLIENT_KEY: Final = "faults-client-key-0123456789"
MAILBOX: Final = "support@faults.example"
#: How long a claimed lane is its holder's, in seconds.
LEASE_S: Final = 3.0
#: Calls that a worker makes at once for a service. All workers together make fewer than a crowd has
#: conversations: so lanes wait for a hand, which have no call whose time-out would tell a worker that was
#: frozen how late it is. Of those it learns from the fence alone.
HANDS: Final = 3
_START_S: Final = 60.0

_CONFIG: Final = """
[store]
timeout_s = 1.5
replicas = {replicas}
clock_skew_s = 0.2

[worker]
lease_s = {lease}
tick_s = 0.5
linger_s = 0.2
in_flight = {hands}
slice_s = 5.0

[schedule]
audit_s = 5.0
prune_s = 5.0
reconcile_s = 5.0

[smtp]
max_connections_per_peer = 100

[services.support]
merge_updates = false
partitions = {support}
{service}

[services.billing]
partitions = {billing}
{service}

[clients.faults]
keys = ["env:FAULTS_CLIENT_KEY"]
services = ["support", "billing"]

[channels.mail]
connector = "email"
service = "support"
options = {{ addresses = ["{mailbox}"] }}
"""

_SERVICE: Final = """base_url = "http://127.0.0.1:{api}/nexus/v3"
api_key = "env:FAULTS_API_KEY"
call_timeout_s = 1.4
connect_timeout_s = 1.0
gate = {{ breaker = {{ open_s = 0.3 }} }}
retry.base_s = 0.05
retry.cap_s = 1.0
retry.max_attempts = 1000
retry.retry_after_cap_s = 1.0
retry.unauthorized_hold_s = 0.5
"""

_CHANNEL: Final = """
[channels.hooks-{service}]
connector = "webhook"
service = "{service}"
verify = "hmac"
secrets = ["env:FAULTS_HOOK_SECRET"]

[channels.hooks-{service}.options]
plain_ids = true
external_id = "body.conversation"
idempotency_key = "body.key"
rules = [
  {{ when = "body.kind == 'create'", do = "create" }},
  {{ when = "body.kind == 'update'", do = "update" }},
  {{ when = "body.kind == 'stop'", do = "stop", reason_description = "body.data.Subject" }},
]

[channels.hooks-{service}.options.user_data]
{properties}
"""


@dataclass(slots=True)
class Part:
    """One process, and how it is started."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it is there, frozen or not."""
        return self.process is not None and self.process.poll() is None

    @property
    def last_words(self) -> str:
        """The last line it wrote."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.runs:
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**_surroundings(), **self.environment},
                cwd=self.directory,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def send(self, sign: signal.Signals) -> None:
        """Send it a signal, if it is there."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)

    def wait(self, timeout_s: float) -> None:
        """Return when it has ended. Raises `subprocess.TimeoutExpired`."""
        if self.process is not None:
            self.process.wait(timeout_s)

    def kill(self) -> None:
        """End it at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Processes:
    """A whole bridge with everything around it, in a directory of its own."""

    directory: Path
    #: Where a copy of the product is, from which all processes are started.
    source: Path
    ground: Ground = REDIS
    store: Store = field(init=False)
    broker: Broker = field(init=False)
    links: dict[str, Way] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    #: Where senders knock: the ports of their links for HTTP and SMTP.
    doors: tuple[int, int] = (0, 0)
    api_port: int = 0
    _doors: tuple[int, int] = (0, 0)
    #: The URLs of the ways to store and broker.
    _urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = self.ground.store_in(self.directory / "store")
        self.broker = self.ground.broker_in(self.directory / "broker")

    async def start(self) -> None:
        """Start everything, and return when all of it works."""
        await self.store.start()
        await self.broker.start()
        await self._start_sandbox()
        self._doors = free_port(), free_port()
        self.doors = (
            await self._link("sender-http", self._doors[0]),
            await self._link("sender-smtp", self._doors[1]),
        )
        servers: dict[str, Server] = {
            "intake-store": self.store,
            "worker-store": self.store,
            "worker-broker": self.broker,
        }
        for name, server in servers.items():
            self._urls[name], self.links[name] = await server.way()
        self._write_settings(await self._link("worker-api", self.api_port))
        self._add("intake", "-m", "bridge", "intake")
        for number in range(WORKERS):
            self._add(f"worker{number}", "-m", "bridge", "worker", "-n", f"worker{number}@%h")
        for number in range(BEATS):
            self._add(f"beat{number}", "-m", "bridge", "beat")
        for part in self.parts.values():
            part.start()
        await until(lambda: asyncio.to_thread(self._is_up), "the intake")

    async def close(self) -> None:
        """End everything."""
        for part in self.parts.values():
            part.send(signal.SIGCONT)
            part.kill()
        for link in self.links.values():
            await link.close()
        self.store.close()
        self.broker.close()

    def redis(self) -> "redis.Redis":
        """Return a way to the store that no fault touches."""
        return self.store.client()

    @property
    def prefixes(self) -> list[str]:
        """What the keys of each partition begin with."""
        counts = self.store.partitions.items()
        return [f"bridge:{{{name}/{index}}}:" for name, count in counts for index in range(count)]

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - JSON of any shape
        """Speak to the sandbox's own endpoints, past the proxy. Raises OSError during an outage."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api_port}/sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - the address is ours
            text = answer.read()
        return json.loads(text) if text else None

    def server(self, name: str) -> Server:
        """Return the store or the broker."""
        return self.store if name == "store" else self.broker

    async def _link(self, name: str, port: int) -> int:
        """Open a way to a port of this machine, and return where it begins."""
        self.links[name] = link = Link(to_port(port))
        await link.listen()
        return link.port

    async def _start_sandbox(self) -> None:
        self.api_port = free_port()
        services = [part for name in SERVICES for part in ("--service", f"{name}={API_KEY}")]
        part = Part(
            "sandbox",
            (sys.executable, "-m", "sandbox", "--port", str(self.api_port), *services),
            {"PYTHONWARNINGS": "ignore"},
            self.directory / "sandbox.log",
            self.source,
        )
        part.start()
        self.parts["sandbox"] = part

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return bool(self.sandbox("GET", "health"))
            return False

        await until(lambda: asyncio.to_thread(answers), "the sandbox")

    def _write_settings(self, api_port: int) -> None:
        names = ("Subject", *(f"S{n}" for n in range(LONGEST)), *(f"K{n}" for n in range(3)))
        found = "\n".join(f'{name} = "body.data.{name}"' for name in names)
        text = _CONFIG.format(
            lease=LEASE_S,
            hands=HANDS,
            replicas=self.store.replicas,
            service=_SERVICE.format(api=api_port),
            mailbox=MAILBOX,
            **self.store.partitions,
        )
        text += "".join(_CHANNEL.format(service=name, properties=found) for name in SERVICES)
        (self.directory / "bridge.toml").write_text(text)

    def _add(self, name: str, *command: str) -> None:
        store = "intake-store" if name == "intake" else "worker-store"
        self.parts[name] = Part(
            name,
            (sys.executable, *command),
            {
                "BRIDGE_CONFIG": str(self.directory / "bridge.toml"),
                "BRIDGE_DATA": str(self.directory / "data"),
                "BRIDGE_STORE_URL": self._urls[store],
                "BRIDGE_BROKER_URL": self._urls["worker-broker"],
                "BRIDGE_HTTP_PORT": str(self._doors[0]),
                "BRIDGE_SMTP_PORT": str(self._doors[1]),
                "BRIDGE_LOG_FORMAT": "json",
                "BRIDGE_LOG_LEVEL": "warning",
                "FAULTS_API_KEY": API_KEY,
                "FAULTS_HOOK_SECRET": HOOK_SECRET,
                "FAULTS_CLIENT_KEY": CLIENT_KEY,
                "PYTHONWARNINGS": "ignore",
            },
            self.directory / f"{name}.log",
            self.source,
        )

    def _is_up(self) -> bool:
        intake = self.parts["intake"]
        if not intake.runs:
            raise RuntimeError(f"the intake ended: {intake.log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._doors[1]), timeout=1):
            return True
        return False


def _surroundings() -> Mapping[str, str]:
    """Return our environment without what would have the copies measured for coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}


async def until(condition: Callable[[], Any], what: str, *, within_s: float = _START_S) -> None:
    """Return once an awaited condition is true. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not await condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_s:g} s in vain for {what}")
        await asyncio.sleep(0.05)
