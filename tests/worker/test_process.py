"""A process holds one loop and one bridge, made when first needed and given back once."""

import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import Celery
from structlog.testing import capture_logs

from worker import process as subject
from worker.errors import SettingsError, StoreUnavailable
from worker.heartbeat import Heartbeat
from worker.process import Process, ProcessHolder
from worker.wiring import Bridge

Change = Callable[..., None]


@pytest.fixture
def celery() -> Celery:
    """An app without a broker."""
    return Celery("test", broker="memory://", set_as_current=False)


@pytest.fixture
def configured(environment: Change, redis_url: str) -> Change:
    """An environment in which a process can start."""
    environment(
        BRIDGE_STORE_URL=redis_url,
        BRIDGE_SERVICES='{"support": {"base_url": "http://127.0.0.1:9", "api_key": "env:KEY"}}',
        KEY="k",
    )
    return environment


@pytest.mark.usefixtures("configured")
def test_a_process_runs_coroutines_on_its_bridge(celery: Celery) -> None:
    """Every thread of the process shares it."""
    process = Process(celery)
    assert process.run(process.bridge.tick()) == 0
    process.run(process.bridge.store.ping())
    process.close()
    assert not process._loop._thread.is_alive()


@pytest.mark.usefixtures("configured")
def test_a_process_shows_that_it_is_there(celery: Celery) -> None:
    """Under the name of its host and its own number."""
    process = Process(celery)
    process.show()
    deadline = time.monotonic() + 10
    while not (signs := process.run(process.bridge.store.signs())) and time.monotonic() < deadline:
        pass
    assert list(signs) == [f"{socket.gethostname()}:{os.getpid()}"]
    process.close()


@pytest.mark.usefixtures("environment")
def test_a_process_without_a_store_does_not_start(environment: Change, celery: Celery) -> None:
    """The operator hears what is missing."""
    environment()
    with pytest.raises(SettingsError, match=r"store\.url is not set"):
        Process(celery)


class Patience:
    """Counts the tries of a start, and mends the store after so many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        self.tries = 0
        start = Bridge.start

        async def try_start(bridge: Bridge) -> None:
            self.tries += 1
            if self.tries <= failures:
                raise StoreUnavailable("gone")
            await start(bridge)

        self.now = 0.0
        monkeypatch.setattr(Bridge, "start", try_start)
        monkeypatch.setattr(subject.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(subject.time, "sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        """Let the time pass without waiting."""
        self.now += seconds


@pytest.mark.usefixtures("configured")
def test_a_starting_process_waits_for_its_store(celery: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second between tries, until it answers."""
    patience = Patience(monkeypatch, failures=3)
    process = Process(celery)
    assert (patience.tries, patience.now) == (4, 3.0)
    process.close()


@pytest.mark.usefixtures("configured")
def test_a_starting_process_does_not_wait_for_ever(celery: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute whoever supervises it is told, by its end."""
    patience = Patience(monkeypatch, failures=1000)
    with pytest.raises(StoreUnavailable):
        Process(celery)
    assert patience.tries == 62  # one a second from 0 to 61


@pytest.mark.usefixtures("configured")
def test_a_holder_makes_one_process(celery: Celery) -> None:
    """The first need makes it, every other finds it, the end gives it back."""
    holder = ProcessHolder(celery)
    holder.stop()
    holder.close()
    process = holder.get()
    assert holder.get() is process
    assert not process.bridge.stopping
    holder.stop()
    assert process.bridge.stopping
    holder.close()
    assert holder.get() is not process
    holder.close()


@pytest.mark.usefixtures("configured")
def test_a_fork_makes_its_own_process(celery: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loop, sockets and threads of a parent are of no use to its child, nor may the child end them."""
    holder = ProcessHolder(celery)
    parents = holder.get()
    pid = os.getpid()
    monkeypatch.setattr(subject.os, "getpid", lambda: pid + 1)
    holder.stop()
    assert not parents.bridge.stopping
    childs = holder.get()
    assert childs is not parents
    holder.close()
    assert parents._loop._thread.is_alive()
    parents.close()


@pytest.mark.usefixtures("configured")
def test_a_child_that_held_nothing_closes_nothing(celery: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it inherited is its parent's to close."""
    holder = ProcessHolder(celery)
    parents = holder.get()
    pid = os.getpid()
    monkeypatch.setattr(subject.os, "getpid", lambda: pid + 1)
    holder.close()
    assert parents._loop._thread.is_alive()
    parents.close()


def test_relative_paths_are_the_working_directorys(configured: Change, celery: Celery) -> None:
    """A key in a file beside nothing is sought here."""
    Path("key").write_text("k", encoding="utf-8")
    configured(BRIDGE_SERVICES='{"support": {"base_url": "http://127.0.0.1:9", "api_key": "file:key"}}')
    process = Process(celery)
    assert process.bridge.secrets.value("file:key") == "k"
    process.close()


@pytest.mark.parametrize("patience", ["0", "50"])
def test_the_watchdog_can_be_switched_off(configured: Change, celery: Celery, patience: str) -> None:
    """With a patience of 0 there is none; what it does when there is one is a story."""
    configured(BRIDGE_WORKER_WATCHDOG_S=patience)
    process = Process(celery)
    before = {thread.name for thread in threading.enumerate()}
    process.guard()
    began = {thread.name for thread in threading.enumerate()} - before
    assert began == (set() if patience == "0" else {"bridge-watchdog"})
    process.close()


def test_a_process_tells_how_it_is_and_keeps_a_heartbeat(
    configured: Change, celery: Celery, tmp_path: Path
) -> None:
    """On its port, and in its file; both end with it."""
    configured(BRIDGE_METRICS_WORKER_PORT="0")
    process = Process(celery)
    process.beat(Heartbeat(tmp_path / "heart"))
    with capture_logs() as lines:
        process.tell()
    url = f"http://127.0.0.1:{lines[0]['port']}/readyz"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.status == 200
    process.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=10)
