"""The stack: which programs make up a bridge on this machine, and where each of them is.

Decides only; `bridge.up` starts what stands here.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from bridge.addresses import answers_ok, choose_ports, greets, reachable
from bridge.child import Program, at_once
from bridge.home import Home, write_private
from bridge.redis_server import RedisServer
from console import site
from worker import configuration
from worker.secrets import Secrets
from worker.settings import Settings

#: A service with this host is served by the sandbox that `bridge up` brings. The name can never exist
#: (RFC 2606), so whatever is started in another way reaches nobody.
SANDBOX_HOST: Final = "sandbox.invalid"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for; None leaves it to the settings."""

    config: Path | None = None
    data: Path = Path(configuration.DEFAULT_DATA)
    http: int | None = None
    smtp: int | None = None
    console: int | None = None
    sandbox: int = 8099
    workers: int = 1


class Stack:
    """One bridge on this machine: its settings, its ports, its programs."""

    def __init__(self, wishes: Wishes, home: Home) -> None:
        """Read the settings, choose the ports. Raises SettingsError. For entry points only."""
        self.home = home
        self.config = _settings_file(wishes, home)
        os.environ["BRIDGE_CONFIG"] = str(self.config)
        self.settings: Settings = configuration.load()
        self.secrets = Secrets(self.config.parent)
        if self.settings.console.enabled:
            site.check(self.settings.console)
        self.workers = tuple(
            "worker" if number == 1 else f"worker{number}" for number in range(1, wishes.workers + 1)
        )
        self.ports = choose_ports(self._wanted_ports(wishes))

    @cached_property
    def redis(self) -> RedisServer | None:
        """The private Redis, None where both store and broker are elsewhere."""
        store, broker = self.settings.store.url, self.settings.broker.url
        return None if store and broker else RedisServer(self.home.redis)

    @cached_property
    def sandboxed(self) -> Mapping[str, str]:
        """The services that the sandbox serves, and the base URL of each there."""
        paths = {
            name: urlsplit(service.base_url).path
            for name, service in self.settings.services.items()
            if urlsplit(service.base_url).hostname == SANDBOX_HOST
        }
        return {name: f"http://127.0.0.1:{self.ports['sandbox']}{path}" for name, path in paths.items()}

    @property
    def end_order(self) -> tuple[tuple[str, ...], ...]:
        """First nothing more is accepted, then what is under way comes to its end."""
        return ("console",), ("intake",), ("beat",), self.workers, ("sandbox",)

    @property
    def intake_url(self) -> str:
        """Where webhooks go."""
        return f"http://{reachable(self.settings.http.host)}:{self.ports['http']}"

    @property
    def console_url(self) -> str | None:
        """Where people look, None where no console runs."""
        if not self.settings.console.enabled:
            return None
        return f"http://{reachable(self.settings.console.host)}:{self.ports['console']}"

    @property
    def smtp(self) -> tuple[str, int] | None:
        """Where mail goes by SMTP: host and port; None where that door is not opened."""
        smtp, channels = self.settings.smtp, self.settings.channels.values()
        # As `mail_doors.wants_smtp` has it, before any connector is built.
        only_way = any(each.connector == "email" and each.mailbox is None for each in channels)
        opened = only_way if smtp.enabled is None else smtp.enabled
        return (reachable(smtp.host).strip("[]"), self.ports["smtp"]) if opened else None

    @property
    def sandbox_url(self) -> str | None:
        """Where the sandbox is, None where none runs."""
        return f"http://127.0.0.1:{self.ports['sandbox']}" if self.sandboxed else None

    @property
    def metrics(self) -> Mapping[str, str]:
        """Where each process tells its metrics and its health, where it does."""
        host, word = reachable(self.settings.metrics.host), " metrics"
        named = {name.removesuffix(word): port for name, port in self.ports.items() if name.endswith(word)}
        return {name: f"http://{host}:{port}" for name, port in named.items()}

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The variables with which a process joins this bridge."""
        found = {
            "BRIDGE_CONFIG": str(self.config),
            "BRIDGE_HTTP_PORT": str(self.ports["http"]),
            "BRIDGE_SMTP_PORT": str(self.ports["smtp"]),
        }
        if self.settings.console.enabled:
            found["BRIDGE_CONSOLE_PORT"] = str(self.ports["console"])
            if self.sandbox_url:
                found["BRIDGE_CONSOLE_SANDBOX_URL"] = self.sandbox_url
        if self.redis and not self.settings.store.url:
            found["BRIDGE_STORE_URL"] = self.redis.url()
        if self.redis and not self.settings.broker.url:
            found["BRIDGE_BROKER_URL"] = self.redis.broker_url()
        if not self.settings.blobs.url:
            found["BRIDGE_BLOBS_URL"] = f"file:{self.home.blobs}"
        if self.sandboxed:
            services = json.loads(os.environ.get("BRIDGE_SERVICES") or "{}")
            for name, url in self.sandboxed.items():
                services[name] = {**services.get(name, {}), "base_url": url}
            found["BRIDGE_SERVICES"] = json.dumps(services)
        return found

    def foundations(self, lock: int) -> list[Program]:
        """Return what the bridge stands on: it starts first. `lock` is the data lock's open file."""
        if self.redis is None:
            return []
        redis = self.redis
        redis.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [
            Program(
                "redis",
                redis.command,
                ready=partial(asyncio.to_thread, redis.answers),
                ready_s=600,  # a long file takes its time to read
                end_s=600,
                log=str(redis.log),
                files=(lock,),
            )
        ]

    def rest(self) -> list[Program]:
        """Return everything else: it starts at the same time."""
        beat = self._ours("beat", "beat", environment=self._told("beat", "beat"))
        programs = [self._intake(), *map(self._worker, self.workers), beat]
        if self.settings.console.enabled:
            programs.append(self._console())
        return [*programs, self._sandbox()] if self.sandboxed else programs

    def _console(self) -> Program:
        ready = partial(answers_ok, self.settings.console.host, self.ports["console"], "/readyz")
        return self._ours("console", "console", ready=ready, environment=self._told("console", "console"))

    def _intake(self) -> Program:
        async def ready() -> bool:
            return await answers_ok(self.settings.http.host, self.ports["http"], "/readyz") and (
                self.smtp is None or await greets(self.settings.smtp.host, self.ports["smtp"])
            )

        return self._ours(
            "intake", "intake", ready=ready, end_s=30, environment=self._told("intake", "intake")
        )

    def _worker(self, name: str) -> Program:
        told = self.home.run / f"{name}.ready"
        told.unlink(missing_ok=True)

        async def ready() -> bool:
            return told.exists()

        longest = max((each.call_timeout_s for each in self.settings.services.values()), default=0)
        end_s = self.settings.worker.slice_s + longest + 20
        return self._ours(
            name,
            *("worker", "--ready-file", str(told), "-n", f"{name}@%h"),
            ready=ready,
            end_s=end_s,
            environment=self._told("worker", name),
        )

    def _sandbox(self) -> Program:
        arguments = ["--port", str(self.ports["sandbox"]), "--data", str(self.home.sandbox_journal)]
        for name in self.sandboxed:
            key = self.home.run / f"{name}.key"
            write_private(key, self.secrets.value(self.settings.services[name].api_key))
            arguments += ["--key-file", f"{name}={key}"]
        ready = partial(answers_ok, "127.0.0.1", self.ports["sandbox"], "/sandbox/health")
        return self._ours("sandbox", "sandbox", *arguments, ready=ready)

    def _ours(
        self,
        name: str,
        *arguments: str,
        ready: Callable[[], Awaitable[bool]] = at_once,
        end_s: float = 15,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Program:
        command = (sys.executable, "-m", "bridge", *arguments)
        whole = {**self.environment, **environment}
        return Program(name, command, ready=ready, end_s=end_s, environment=whole)

    def _told(self, kind: str, name: str) -> Mapping[str, str]:
        """The variable with which a process knows where it tells its metrics, where it does."""
        port = self.ports.get(f"{name} metrics")
        return {} if port is None else {f"BRIDGE_METRICS_{kind.upper()}_PORT": str(port)}

    def _wanted_ports(self, wishes: Wishes) -> dict[str, tuple[str, int]]:
        http, smtp, console = self.settings.http, self.settings.smtp, self.settings.console
        wanted = {
            "http": (http.host, http.port if wishes.http is None else wishes.http),
            "smtp": (smtp.host, smtp.port if wishes.smtp is None else wishes.smtp),
            "console": (console.host, console.port if wishes.console is None else wishes.console),
            "sandbox": ("127.0.0.1", wishes.sandbox),
        }
        if not console.enabled:
            del wanted["console"]
        services = self.settings.services.values()
        if not any(urlsplit(service.base_url).hostname == SANDBOX_HOST for service in services):
            del wanted["sandbox"]
        return {**wanted, **self._wanted_metrics()}

    def _wanted_metrics(self) -> dict[str, tuple[str, int]]:
        metrics = self.settings.metrics
        wanted = {"intake": metrics.intake_port, "beat": metrics.beat_port}
        if self.settings.console.enabled:
            wanted["console"] = metrics.console_port
        for number, name in enumerate(self.workers):
            # 0 is a free port for each of them
            wanted[name] = metrics.worker_port and metrics.worker_port + number
        found = {name: port for name, port in wanted.items() if port is not None}
        return {f"{name} metrics": (metrics.host, port) for name, port in found.items()}


def _settings_file(wishes: Wishes, home: Home) -> Path:
    named = wishes.config or configuration.config_path()
    return named.absolute() if named else home.default_settings()
