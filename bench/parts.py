"""Parts: the real processes that an experiment runs, and what they cost. Everything on loopback."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import psutil
import redis
from celery import Celery

from bridge.redis_server import RedisServer
from worker.events import Event
from worker.secrets import Secrets
from worker.settings import Settings
from worker.wiring import Bridge

T = TypeVar("T")

_PATIENCE_S: Final = 120.0
_WARM_UP: Final = 0.1
#: Port 1 needs privileges that nobody has here, so connections are refused at once.
_NOBODY: Final = "http://127.0.0.1:1"


class Stalled(RuntimeError):
    """A part did not do in time what the experiment waits for."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run showed: the middle 80 % of its calls, without the start and the end."""

    calls_per_s: float
    #: CPU seconds of the watched processes for each call.
    cpu_per_call: float


class Stub:
    """The stub API in a process of its own."""

    def __init__(self, directory: Path) -> None:
        told = directory / "stub.port"
        self.process = subprocess.Popen([sys.executable, "-m", "bench.stub", str(told)])
        until(lambda: told.exists() and told.read_text() != "", "the stub listens")
        self.port = int(told.read_text())

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def latency(self, milliseconds: float) -> None:
        """Set how long every answer takes."""
        self._ask(f"latency?{milliseconds:g}")

    def count(self) -> int:
        """Return how many calls have arrived since the log was last taken."""
        return int(self._ask("count"))

    def take_log(self) -> list[tuple[int, str]]:
        """Return and forget the calls: when they arrived (monotonic ns), and for which path."""
        lines = (line.split(" ", 1) for line in self._ask("log").splitlines())
        return [(int(at), path) for at, path in lines]

    def _ask(self, what: str) -> str:
        with urllib.request.urlopen(f"{self.url}/stub/{what}", timeout=60) as answer:
            body: bytes = answer.read()
        return body.decode()


@dataclass
class Rig:
    """One experiment's parts; leaving it ends them all."""

    directory: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="bench-")))
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.redis = RedisServer(self.directory / "redis")
        self.redis.start()
        self.stub = Stub(self.directory)
        self.processes.append(self.stub.process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            end(process)
        self.redis.stop()
        if error is not None:
            for log in sorted(self.directory.glob("*.log")):
                error.add_note(f"{log.name}: {log.read_text(errors='replace')[-500:]}")
        shutil.rmtree(self.directory, ignore_errors=True)

    def flush(self) -> None:
        """Forget everything in Redis and in the stub."""
        # a million keys take longer than the client waits by itself
        with redis.Redis.from_url(self.redis.url(), socket_timeout=_PATIENCE_S) as client:
            client.flushall()
        self.stub.take_log()

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a Python process whose words go to a file."""
        with (self.directory / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, "BENCH_STUB": self.stub.url, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def celery(self, app: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a Celery worker of an app."""
        flags = ("-l", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat")
        return self.start("-m", "celery", "-A", app, "worker", *flags, *options, **environment)

    @contextmanager
    def running(self, *processes: subprocess.Popen[bytes]) -> Iterator[None]:
        """End these processes afterwards."""
        try:
            yield
        finally:
            for process in processes:
                end(process)

    def watch(self, total: int, *processes: subprocess.Popen[bytes]) -> Run:
        """Wait until the stub has answered so many calls, and return what the middle of them showed."""
        watched = [psutil.Process(each.pid) for each in processes] + [psutil.Process(self.redis.pid)]
        first, last = int(total * _WARM_UP), int(total * (1 - _WARM_UP))
        began = self.reach(first)
        cpu = cpu_seconds(watched)
        ended = self.reach(last)
        spent = cpu_seconds(watched) - cpu
        self.reach(total)
        calls = max(ended[0] - began[0], 1)
        # The stub's own clock says when each call came: looking every few milliseconds would be too coarse.
        arrived = sorted(at for at, _ in self.stub.take_log())
        return Run((last - first) / ((arrived[last - 1] - arrived[first - 1]) / 1e9), spent / calls)

    def reach(self, count: int) -> tuple[int, float]:
        """Wait until the stub has answered so many calls; return how many it has, and when that was."""
        deadline = time.monotonic() + _PATIENCE_S
        while (answered := self.stub.count()) < count:
            if time.monotonic() > deadline:
                raise Stalled(f"{answered} of {count} calls were answered within {_PATIENCE_S:g} s")
            time.sleep(0.02)
        return answered, time.monotonic()


@dataclass(frozen=True, slots=True)
class Ours:
    """The bridge on a rig, with the settings of one experiment."""

    rig: Rig
    in_flight: int = 64
    services: int = 1
    #: The numbers of services at whose address nobody listens.
    dead: tuple[int, ...] = ()
    #: Settings of every service.
    service: Mapping[str, object] = field(default_factory=dict)
    #: Channels beside those for webhooks.
    channels: Mapping[str, object] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings that every process of this bridge has."""
        services = {
            f"service{number}": {
                "base_url": f"{_NOBODY if number in self.dead else self.rig.stub.url}/nexus/v3",
                "api_key": "env:BENCH_KEY",
                **self.service,
            }
            for number in range(self.services)
        }
        channels = {
            "hooks": _webhook("create", "user_data"),
            "changes": _webhook("update", "changed"),
            **self.channels,
        }
        return Settings.model_validate(
            {
                "store": {"url": self.rig.redis.url()},
                "broker": {"url": self.rig.redis.broker_url()},
                "worker": {"in_flight": self.in_flight},
                "http": {"port": 0},
                "smtp": {"port": 0},
                "services": services,
                "channels": channels,
                "log_format": "json",
                "log_level": "warning",
            }
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which a process joins this bridge."""
        path = self.rig.directory / "bridge.json"
        settings = self.settings
        path.write_text(settings.model_dump_json())
        return {
            "BRIDGE_STORE_URL": settings.store.url,
            "BRIDGE_BROKER_URL": settings.broker.url,
            "BRIDGE_SERVICES": _part(settings, "services"),
            "BRIDGE_CHANNELS": _part(settings, "channels"),
            "BRIDGE_WORKER": _part(settings, "worker"),
            "BRIDGE_LOG_LEVEL": "warning",
            "BENCH_KEY": "bench",
        }

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker process."""
        return self.rig.celery("worker.app", **self.environment)

    def beat(self) -> subprocess.Popen[bytes]:
        """Start beat."""
        return self.rig.start("-m", "celery", "-A", "worker.app", "beat", "-l", "warning", **self.environment)

    def with_bridge(self, work: Callable[[Bridge], Awaitable[T]]) -> T:
        """Do something with a bridge of our own, as a door would."""

        async def main() -> T:
            os.environ["BENCH_KEY"] = "bench"
            celery = Celery(broker=self.rig.redis.broker_url())
            celery.conf.update(
                task_routes={"bridge.drain": {"queue": "bridge.drain"}},
                broker_transport_options={"global_keyprefix": "bridge-broker:", "priority_steps": [0]},
            )
            bridge = Bridge(self.settings, Secrets(self.rig.directory), celery, _unheard)
            try:
                return await work(bridge)
            finally:
                await bridge.aclose()

        return asyncio.run(main())


def _webhook(do: str, properties: str) -> dict[str, object]:
    """Return a channel whose deliveries all do the same."""
    rule = {
        "do": do,
        "external_id": "body.ticket.id",
        "idempotency_key": "body.delivery",
        properties: {
            "Subject": "body.ticket.subject",
            "Status": "body.ticket.status",
            "Customer": "body.ticket.customer.name",
            "Description": "body.ticket.description",
        },
    }
    return {
        "connector": "webhook",
        "verify": "hmac",
        "service": "service0",
        "secrets": ["env:BENCH_KEY"],
        "options": {"rules": [rule], "plain_ids": True},
    }


def _part(settings: Settings, name: str) -> str:
    return settings.model_dump_json(include={name}).removeprefix(f'{{"{name}":').removesuffix("}")


def _unheard(_: Event) -> None:
    """Hear nothing: the experiment reads the stub."""


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Return the CPU time of processes and their children."""
    total = 0.0
    for process in processes:
        for each in (process, *process.children(recursive=True)):
            times = each.cpu_times()
            total += times.user + times.system
    return total


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, by force where asking does not help."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(condition: Callable[[], object], what: str) -> None:
    """Return when a condition holds. Raises Stalled."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Stalled(f"waited {_PATIENCE_S:g} s in vain until {what}")
        time.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def listens(port: int) -> bool:
    """Say whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
