"""Bridges that really run, and an environment that belongs to one test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

_PATIENCE_S = 30.0
_FREE_PORTS = ("--http", "0", "--smtp", "0", "--sandbox", "0")


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
        ["ps", "-eo", "pid=,ppid=,stat=,args="],  # noqa: S607 - it stands where it pleases the system
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
