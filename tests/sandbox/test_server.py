"""The process: starting, ending, starting again."""

import json
import signal
import socket
import subprocess
import sys
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


def test_a_port_in_use_is_said_plainly(live: "Live") -> None:
    """A sandbox that cannot listen says so in one line and fails."""
    command = [sys.executable, "-m", "sandbox", "--port", str(live.port)]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert failed.stderr.startswith("sandbox: ")


def test_ipv6_is_an_address_too() -> None:
    """A host with colons is listened to as IPv6."""
    assert (family("::1"), family("127.0.0.1")) == (socket.AF_INET6, socket.AF_INET)
