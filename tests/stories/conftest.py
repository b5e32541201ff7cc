"""A whole bridge of real parts for stories: Redis, sandbox, worker and beat processes, each killable."""

import asyncio
import json
import os
import signal
import smtplib
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis
from celery import Celery
from kombu import Queue

from bridge.redis_server import RedisServer
from tests.ports import free_port
from worker.brokers import Kind, read_broker
from worker.commands import Command, Create, Stop, Update
from worker.errors import StoreUnavailable
from worker.events import Event
from worker.lanes import LaneView, Partition, Receipt
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge

T = TypeVar("T")

_KEY = "story-key"
_DEADLINE_S = 60.0

CONFIG = """
[worker]
lease_s = 3.0
tick_s = 0.5
linger_s = 0.2
in_flight = {in_flight}

[services.support]
base_url = "http://127.0.0.1:{sandbox}/nexus/v3"
api_key = "env:STORY_KEY"
call_timeout_s = 1.4
connect_timeout_s = 1.0
retry = {{ base_s = 0.05, cap_s = 0.5, unauthorized_hold_s = 0.5 }}
gate = {{ breaker = {{ open_s = 0.2 }} }}
merge_updates = false
"""


def wait_until(condition: Callable[[], T], *, reason: str) -> T:
    """Return the first true value of a condition; fail when it stays false."""
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    pytest.fail(f"waited {_DEADLINE_S:g} s in vain: {reason}")


def create(external_id: str, *, key: str | None = None, **user_data: str) -> Create:
    """Return a create for a conversation."""
    return Create(
        service="support",
        external_id=external_id,
        idempotency_key=key or f"story:{external_id}:create",
        channel="story",
        received_at=datetime.now(UTC),
        user_data=user_data,
    )


def update(external_id: str, number: int) -> Update:
    """Return the n-th update of a conversation: it sets Step to n."""
    return Update(
        service="support",
        external_id=external_id,
        idempotency_key=f"story:{external_id}:update:{number}",
        channel="story",
        received_at=datetime.now(UTC),
        changed={"Step": number},
    )


def stop(external_id: str) -> Stop:
    """Return the stop of a conversation."""
    return Stop(
        service="support",
        external_id=external_id,
        idempotency_key=f"story:{external_id}:stop",
        channel="story",
        received_at=datetime.now(UTC),
    )


@dataclass
class Stack:
    """The parts and what a story does with them."""

    directory: Path
    redis: RedisServer
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    sandbox_port: int = 0

    @property
    def config(self) -> Path:
        """The bridge's settings file; a story may change it before it starts a worker."""
        return self.directory / "bridge.toml"

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process of the stack in Python; what it says goes to a file."""
        return self.start_program(name, sys.executable, *command)

    def start_program(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start any program beside the stack, to be ended with it."""
        with (self.directory / f"{name}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def start_sandbox(self) -> subprocess.Popen[bytes]:
        """Start the sandbox, on the port it had before where it had one, with what it knew before."""
        process = self.start(
            "sandbox",
            *("-m", "sandbox", "--port", str(self.sandbox_port)),
            *("--service", f"support={_KEY}", "--service", f"billing={_KEY}"),
            *("--data", str(self.directory / "sandbox.jsonl")),
        )
        log = self.directory / f"sandbox-{len(self.processes) - 1}.log"
        line = wait_until(lambda: "listening on" in log.read_text() and log.read_text(), reason="sandbox")
        self.sandbox_port = int(line.split("listening on")[1].split()[0].rsplit(":", 1)[1].strip("/"))
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker as any Celery user would."""
        flags = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        return self.start("worker", "-m", "celery", "-A", "worker.app", "worker", "-l", "warning", *flags)

    def start_beat(self) -> subprocess.Popen[bytes]:
        """Start beat as any Celery user would."""
        return self.start("beat", "-m", "celery", "-A", "worker.app", "beat", "-l", "warning")

    def start_smtp(self, channels: str) -> int:
        """Start an intake that takes mail by SMTP alone, with channels of its own, and return its port."""
        port = free_port()
        self.config.write_text(f"{self.config.read_text()}{channels}\n[smtp]\nport = {port}\n")
        self.start("intake", "-m", "bridge", "intake", "--doors", "smtp")
        wait_until(lambda: _greets(port), reason="the intake's SMTP")
        return port

    def end(self, process: subprocess.Popen[bytes], sign: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        process.send_signal(sign)
        return process.wait(timeout=_DEADLINE_S)

    def with_bridge(self, work: Callable[[Bridge], Awaitable[T]]) -> T:
        """Do something with a bridge of our own, as a door would."""

        async def main() -> T:
            bridge = self._bridge()
            try:
                return await work(bridge)
            finally:
                await bridge.aclose()

        return asyncio.run(main())

    def bridge(self, *arguments: str) -> str:
        """Run a command of the bridge and return what it wrote."""
        return subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=_DEADLINE_S,
        ).stdout

    def submit(self, commands: Sequence[Command]) -> tuple[Receipt, ...]:
        """Submit commands as a door would."""
        return self.with_bridge(lambda bridge: bridge.intake.submit(commands))

    def view(self, external_id: str) -> LaneView | None:
        """Return what is known of a conversation."""
        return self.with_bridge(lambda bridge: bridge.store.view("support", external_id))

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - JSON of any shape
        """Speak to the sandbox's own endpoints."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.sandbox_port}/sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the address is ours
            text = answer.read()
        return json.loads(text) if text else None

    def effects(self) -> list[Mapping[str, Any]]:
        """Return every call that changed something at the API, in order."""
        return [entry for entry in self.sandbox("GET", "audit") if entry["effect"]]

    def idle(self) -> bool:
        """Say whether no lane has anything left to do."""
        with redis.Redis.from_url(self.redis.url()) as client:
            return not any(client.scan_iter("bridge:*:lane:*")) and not client.zcard("bridge:{support/0}:due")

    def done(self) -> bool:
        """Say the same of a store that is not our one Redis; not while it is away."""

        async def lanes(bridge: Bridge) -> int:
            now, count = datetime.now(UTC), bridge.partitions["support"]
            shares = [
                await bridge.store.backlog(Partition("support", place), now=now) for place in range(count)
            ]
            return sum(each.lanes for each in shares)

        try:
            return self.with_bridge(lanes) == 0
        except StoreUnavailable:
            return False

    def _bridge(self) -> Bridge:
        written = tomllib.loads(self.config.read_text())
        store = {**written.get("store", {}), "url": self.environment["BRIDGE_STORE_URL"]}
        settings = Settings.model_validate({**written, "store": store})
        broker = read_broker(self.environment["BRIDGE_BROKER_URL"])
        on_redis = {"global_keyprefix": "bridge-broker:", "priority_steps": [0], **broker.options}
        kept = {"x-queue-type": "quorum"} if broker.kind is Kind.RABBITMQ else None
        celery = Celery(broker=broker.url)
        celery.conf.update(
            task_routes={"bridge.drain": {"queue": "bridge.drain"}},
            task_queues=[Queue("bridge.drain", routing_key="bridge.drain", queue_arguments=kept)],
            broker_transport_options=on_redis if broker.kind is Kind.REDIS else {"confirm_publish": True},
        )
        return Bridge(settings, Secrets(self.directory), celery, _unheard)

    def close(self) -> None:
        """End every process of the stack."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.redis.kill()


def _greets(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=2) as client:
            return client.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _unheard(_: Event) -> None:
    """Hear nothing: the story reads the store and the sandbox."""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack with its Redis and its sandbox running, and no worker yet."""
    redis = RedisServer(tmp_path / "redis")
    redis.start()
    with staged(tmp_path, redis) as stack:
        yield stack


@contextmanager
def staged(directory: Path, redis: RedisServer, *, store: str = "", broker: str = "") -> Iterator[Stack]:
    """Give a stack over a Redis that runs, or with a store or broker elsewhere."""
    stack = Stack(directory, redis)
    try:
        stack.start_sandbox()
        stack.config.write_text(CONFIG.format(sandbox=stack.sandbox_port, in_flight=32))
        stack.environment = {
            "BRIDGE_CONFIG": str(stack.config),
            "BRIDGE_STORE_URL": store or redis.url(),
            "BRIDGE_BROKER_URL": broker or redis.broker_url(),
            "STORY_KEY": _KEY,
            "PYTHONWARNINGS": "ignore",
        }
        yield stack
    finally:
        stack.close()
