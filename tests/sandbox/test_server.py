"""The process: starting, ending, starting again."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.server import family

if TYPE_CHECKING:
    from tests.sandbox.conftest import Live

CREATE = "/nexus/v3/openmedia/support/interactions"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_normal_end(start: "Callable[..., Live]", number: signal.Signals) -> None:
    """With a kept connection open and a call hanging, a signal ends the process with code 0."""
    live = start()
    kept, hanging = live.connect(), live.connect()
    kept.request("GET", "/sandbox/health")
    assert kept.getresponse().read()
    live.ask("PUT", "/sandbox/faults", [{"kind": "hang"}])
    hanging.request("GET", f"{CREATE}/ext_a", headers={"x-api-key": "KEY"})
    while not live.read("/sandbox/audit"):
        pass
    live.process.send_signal(number)
    assert live.process.wait(30) == 0
    with pytest.raises(ConnectionResetError):
        hanging.getresponse()
    kept.close()
    hanging.close()


def test_interactions_survive_the_process(start: "Callable[..., Live]", tmp_path: Path) -> None:
    """With a data file, the next process knows what the last one did."""
    first = start("--data", str(tmp_path / "journal.jsonl"))
    created = json.loads(first.ask("POST", CREATE, {"data": {"externalId": "a"}})[1])
    first.process.kill()
    first.process.wait()
    second = start("--data", str(tmp_path / "journal.jsonl"))
    assert second.read(f"{CREATE}/ext_a") == created
    assert second.end() == 0


def _connects(live: "Live") -> bool:
    try:
        socket.create_connection(("127.0.0.1", live.port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_connections_are_really_refused(start: "Callable[..., Live]") -> None:
    """From the answer on connects fail, for a time; kept connections are closed, calls under way answered."""
    live = start()
    kept, busy = live.connect(), live.connect()
    kept.request("GET", "/sandbox/health")
    assert kept.getresponse().read()
    live.ask("PUT", "/sandbox/script", [{"latency_ms": 500, "operation": "create"}])
    busy.request("POST", CREATE, '{"data": {"externalId": "a"}}', {"x-api-key": "KEY"})
    _wait(lambda: live.read("/sandbox/script") == [])
    assert live.ask("POST", "/sandbox/outage", {"for_s": 1})[0] == 200
    assert not _connects(live)
    assert kept.sock is not None
    assert kept.sock.recv(1) == b""
    answer = busy.getresponse()
    assert (answer.status, bool(answer.read())) == (200, True)
    assert busy.sock is not None
    assert busy.sock.recv(1) == b""
    assert not _connects(live)
    _wait(lambda: _connects(live))
    assert live.ask("GET", f"{CREATE}/ext_a")[0] == 200
    kept.close()
    busy.close()
    assert live.end() == 0


def test_a_rule_may_refuse_everybody(start: "Callable[..., Live]") -> None:
    """The call that brings it about is reset; nobody connects for a time; nothing has changed."""
    live = start()
    live.ask("PUT", "/sandbox/faults", [{"kind": "refuse", "refuse_ms": 500, "times": 1}])
    with pytest.raises(ConnectionResetError):
        live.ask("POST", CREATE, {"data": {"externalId": "a"}})
    assert not _connects(live)
    _wait(lambda: _connects(live))
    assert live.ask("GET", f"{CREATE}/ext_a")[0] == 404


def test_a_sandbox_that_refuses_ends_as_well(start: "Callable[..., Live]") -> None:
    """A signal during an outage is a normal end, and frees the port."""
    live = start()
    live.ask("POST", "/sandbox/outage", {"for_s": 3600})
    assert live.end() == 0
    with socket.create_server(("127.0.0.1", live.port)):
        pass


def test_a_port_in_use_is_said_plainly(live: "Live") -> None:
    """A sandbox that cannot listen says so in one line and fails."""
    command = [sys.executable, "-m", "sandbox", "--port", str(live.port)]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.startswith("sandbox: ")


def test_ipv6_is_an_address_too() -> None:
    """A host with colons is listened to as IPv6."""
    assert (family("::1"), family("127.0.0.1")) == (socket.AF_INET6, socket.AF_INET)
