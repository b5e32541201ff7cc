"""Bridges that really run, and an environment that belongs to one test."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli.program import app
from bridge.session import session
from worker.commands import Command, Create
from worker.doorbell import CeleryDoorbell
from worker.errors import BridgeError
from worker.lanes import Burial, Deferral, Entry, Partition, partition_of
from worker.letters import DeadCommand, Unreadable
from worker.telemetry import logs
from worker.wiring import Bridge, new_id, utc_now

T = TypeVar("T")

_PATIENCE_S = 30.0
_FREE_PORTS = ("--http", "0", "--smtp", "0", "--console", "0", "--sandbox", "0")


def clean_environment() -> dict[str, str]:
    """The environment without anything that would configure a bridge."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1"}


def wait_for(condition: Callable[[], T], what: str) -> T:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + _PATIENCE_S
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {_PATIENCE_S:g} s"
        time.sleep(0.02)
    return answer


def processes() -> dict[int, tuple[int, str, str]]:
    """The parent, the state and the command line of every process."""
    listed = subprocess.run(
        ["ps", "-wweo", "pid=,ppid=,stat=,args="],  # noqa: S607 - it stands where it pleases the system
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = (line.split(None, 3) for line in listed.splitlines())
    return {int(pid): (int(parent), state, command) for pid, parent, state, command in rows}


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    return not processes().get(pid, (0, "Z", ""))[1].startswith("Z")


def bridge(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a directory and return how it ended."""
    command = [sys.executable, "-m", "bridge", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )


class Up:
    """One `bridge up`, its data in `bridge-data` beneath a directory."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self._errors = directory / f"stderr-{time.monotonic_ns()}"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "up", "--json", *_FREE_PORTS, *arguments],
                cwd=directory,
                env=clean_environment(),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.errors
        self.places: dict[str, Any] = json.loads(line)

    @property
    def errors(self) -> str:
        """What it has said on standard error."""
        return self._errors.read_text()

    def bridge(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as in another terminal."""
        return bridge(*arguments, cwd=self.directory)

    def sample(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a printed command as it was printed."""
        return subprocess.run(
            ["/bin/sh", "-c", self.places["samples"][name]],
            cwd=self.directory,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def shown(self, external_id: str, *, event: str = "applied", sequence: int = 1) -> dict[str, Any]:
        """What `bridge show` knows of a conversation, once this has happened to its command."""

        def look() -> dict[str, Any] | None:
            told = self.bridge("show", "support", external_id, "--json")
            view: dict[str, Any] = json.loads(told.stdout or "{}")
            history = [(entry["event"], entry["sequence"]) for entry in view.get("history", ())]
            return view if (event, sequence) in history else None

        found: dict[str, Any] = wait_for(look, f"{event} {sequence} of {external_id}")
        return found

    def family(self, *, keeper: bool = True) -> set[int]:
        """The process ids of all it has started, with or without the keeper's."""
        own = {pid: row for pid, row in processes().items() if row[0] == self.process.pid}
        return {pid for pid, row in own.items() if keeper or "keeper.py" not in row[2]}

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(name="wait_for", scope="session")
def _wait_for() -> Callable[[Callable[[], Any], str], Any]:
    """Asks until the answer is true."""
    return wait_for


@pytest.fixture(name="runs", scope="session")
def _runs() -> Callable[[int], bool]:
    """Says whether a process is there."""
    return runs


@pytest.fixture(name="bridge", scope="session")
def _bridge() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command of the bridge in a directory."""
    return bridge


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A bridge that runs for all tests that only talk to it."""
    up = Up(tmp_path_factory.mktemp("live"))
    yield up
    assert up.end() == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Starts bridges on one data directory, and ends those that a test leaves."""
    started: list[Up] = []

    def begin(*arguments: str) -> Up:
        started.append(Up(tmp_path, *arguments))
        return started[-1]

    yield begin
    for up in started:
        up.end()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """An environment of this test's own, in an empty directory; what is changed in it is gone afterwards."""
    own = clean_environment()
    monkeypatch.setattr(os, "environ", own)
    monkeypatch.chdir(tmp_path)
    return own


_SETTINGS = """
[store]
url = "{redis_url}"
[services.support]
base_url = "http://127.0.0.1:9/nexus/v3"
api_key = "env:KEY"
partitions = 2
user_data_bytes = 1000
[services.sales]
base_url = "http://127.0.0.1:9/nexus/v3"
api_key = "env:KEY"
[channels.tickets]
connector = "webhook"
verify = "hmac"
service = "support"
secrets = ["file:key"]
[channels.tickets.options]
rules = [{{ do = "create" }}]
external_id = "body.{path}"
idempotency_key = "body.delivery"
user_data = {{ Subject = "body.subject" }}
"""
_CALLS = [
    {
        "at": "2026-11-23T12:00:00+00:00",
        "call": "CreateInteraction",
        "purpose": "act",
        "outcome": "Rejected",
        "status": 400,
        "detail": "no such queue",
        "request_id": "q-1",
    }
]


class Operator:
    """A person at the command line of a bridge whose store is the test's own; nothing else of it runs."""

    def __init__(self, directory: Path, redis_url: str) -> None:
        self._directory = directory
        self._redis_url = redis_url
        #: The rings that were sent.
        self.rung: list[Partition] = []
        (directory / "key").write_text("k")
        self.configure()

    def configure(self, path: str = "id") -> None:
        """Write the settings; `path` is where webhooks have their conversation's id."""
        text = _SETTINGS.format(redis_url=self._redis_url, path=path)
        (self._directory / "bridge.toml").write_text(text)

    def types(self, *arguments: str) -> Result:
        """Run a command here and return how it ended."""
        result = CliRunner().invoke(app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit | BridgeError):
            raise result.exception
        return result

    def reads(self, *arguments: str, code: int = 0) -> list[str]:
        """Run a command and return the lines it wrote, their blanks made one."""
        result = self.types(*arguments)
        assert result.exit_code == code, result.output or result.exception
        return [" ".join(line.split()) for line in result.stdout.splitlines()]

    def refused(self, *arguments: str) -> str:
        """Run a command that must fail and return its one sentence."""
        result = self.types(*arguments)
        assert isinstance(result.exception, BridgeError), result.output
        return str(result.exception)

    def does(self, body: Callable[[Bridge], Awaitable[T]]) -> T:
        """Do something with the bridge itself."""

        async def main() -> T:
            async with session() as bridge:
                return await body(bridge)

        return asyncio.run(main())

    def accepts(self, *commands: Command) -> None:
        """Let commands wait in their lanes."""

        async def body(bridge: Bridge) -> None:
            await bridge.intake.submit(commands)

        self.does(body)
        self.rung.clear()

    def buries(self, *commands: Command, cause: str = "rejected") -> list[str]:
        """Bury commands, the lane of a create parked, and return the letters' ids."""
        self.accepts(*commands)

        async def body(bridge: Bridge) -> list[str]:
            return [await _bury(bridge, each, cause) for each in commands]

        return self.does(body)

    def defers(self, command: Command) -> None:
        """Let a command back off for an hour."""
        self.accepts(command)

        async def body(bridge: Bridge) -> None:
            now = bridge.clock()
            due = now + timedelta(hours=1)
            entry = Entry(at=now, event="deferred", sequence=1, detail={"reason": "503"})
            deferral = Deferral(due, suspect=False, counted=True, failed=False, calls=1, entry=entry)
            home = partition_of(command.service, command.external_id, bridge.partitions[command.service])
            lease = timedelta(seconds=45)
            for claim in await bridge.store.claim(home, limit=9, lease=lease, token=new_id(), now=now):
                await bridge.store.defer(claim, deferral, now=now)

        self.does(body)

    def keeps(self, body: bytes, letter_id: str = "u" * 32) -> str:
        """Keep an unreadable delivery of channel tickets and return its id."""
        letter = Unreadable(
            id=letter_id,
            service="support",
            channel="tickets",
            reason="ticket.id is missing",
            arrived_at=utc_now(),
            peer="192.0.2.1",
            headers=(("Content-Type", "application/json"),),
            body=body,
        )

        async def keep(bridge: Bridge) -> None:
            await bridge.intake.keep(letter)

        self.does(keep)
        return letter_id


def a_create(external_id: str = "c-1", key: str = "", channel: str = "mail") -> Create:
    """Return a create for service support."""
    return Create(
        service="support",
        external_id=external_id,
        idempotency_key=key or f"{channel}:{external_id}",
        channel=channel,
        received_at=utc_now(),
        user_data={"Subject": "Hello", "Skill": "none"},
    )


async def _bury(bridge: Bridge, command: Command, cause: str) -> str:
    now, store = bridge.clock(), bridge.store
    home = partition_of(command.service, command.external_id, bridge.partitions[command.service])
    claims = await store.claim(home, limit=99, lease=timedelta(seconds=45), token=new_id(), now=now)
    (claim,) = [each for each in claims if each.external_id == command.external_id]
    for other in claims:
        if other is not claim:
            entry = Entry(at=now, event="deferred", sequence=1)
            deferral = Deferral(now, suspect=False, counted=False, failed=False, calls=0, entry=entry)
            await store.defer(other, deferral, now=now)
    sequence = claim.commands[0].sequence
    letter = DeadCommand(
        id=new_id(),
        cause=cause,
        reason="400 no such queue",
        buried_at=now,
        attempts=1,
        sequence=sequence,
        command=command,
    )
    entry = Entry(at=now, event="buried", sequence=sequence, detail={"cause": cause, "calls": _CALLS})
    burial = Burial(letter, entry, park=isinstance(command, Create), failed=False, calls=1)
    await store.bury(claim, burial, now=now)
    return letter.id


@pytest.fixture(name="a_create", scope="session")
def _a_create() -> Callable[..., Create]:
    """Makes creates."""
    return a_create


@pytest.fixture
def operator(
    environment: dict[str, str], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Operator:
    """A person at the command line, on a bridge of which only the store is there."""
    del environment  # its being there is what matters
    person = Operator(tmp_path, redis_url)

    def hear(_: CeleryDoorbell, partition: Partition, hops: int) -> None:
        del hops
        person.rung.append(partition)

    monkeypatch.setattr(CeleryDoorbell, "_send", hear)
    # log lines would go to a stream that is gone once the command has ended
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return person
