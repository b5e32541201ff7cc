"""`bridge up` as a person or a script meets it."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.bridge.conftest import Up

pytestmark = pytest.mark.story


def test_the_printed_commands_work_as_printed(live: "Up") -> None:
    """The webhook is accepted, once; the mail too; and `show` knows the webhook's interaction."""
    first, second = (json.loads(live.sample("webhook").stdout) for _ in range(2))
    assert (first["status"], second["status"]) == ("accepted", "duplicate")
    assert first["receipts"][0]["id"] == second["receipts"][0]["id"]
    assert live.sample("mail").stdout == "accepted\n"
    assert json.loads(live.sample("command").stdout)["outcome"]["state"] == "applied"
    external_id = first["receipts"][0]["external_id"]
    assert live.shown(external_id)["interaction"]["state"] == "open"
    shown = live.sample("show")
    assert shown.returncode == 0, shown.stderr
    assert external_id in shown.stdout


def test_places_say_where_things_are(live: "Up") -> None:
    """The JSON line is what other terminals find in the data directory."""
    data = live.directory / "bridge-data"
    assert json.loads((data / "places.json").read_text()) == live.places
    assert live.places["data"] == str(data)
    assert live.places["pid"] == live.process.pid
    assert set(live.places["environment"]) == {
        "BRIDGE_BLOBS_URL",
        "BRIDGE_CONFIG",
        "BRIDGE_STORE_URL",
        "BRIDGE_BROKER_URL",
        "BRIDGE_HTTP_PORT",
        "BRIDGE_SMTP_PORT",
        "BRIDGE_CONSOLE_PORT",
        "BRIDGE_CONSOLE_SANDBOX_URL",
        "BRIDGE_SERVICES",
    }


def test_what_ends_goes_on_and_what_is_killed_comes_back(
    start: "Callable[..., Up]", runs: Callable[[int], bool], wait_for: Callable[..., object]
) -> None:
    """A data directory outlives Ctrl-C, the death of every child, and that of the bridge itself."""
    first = start()
    external_id = json.loads(first.sample("webhook").stdout)["receipts"][0]["external_id"]
    before = first.shown(external_id)
    children = first.family()
    assert len(children) == 7, "redis, sandbox, intake, console, worker, beat and the keeper"
    assert first.end(signal.SIGINT) == 0
    assert not [pid for pid in children if runs(pid)]
    assert not (first.directory / "bridge-data/places.json").exists()

    second = start("--workers", "2")
    assert second.shown(external_id) == before
    for pid in second.family(keeper=False):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: second.errors.count("it starts again in 1 s") == 7, "the news of seven deaths")
    wait_for(lambda: "duplicate" in second.sample("webhook").stdout, "an intake that answers again")
    assert second.bridge("send", "update", "support", external_id, "--changed", "Status=late").returncode == 0
    after = second.shown(external_id, sequence=2)
    assert after["interaction"]["interaction_id"] == before["interaction"]["interaction_id"]

    children = second.family()
    second.process.kill()
    wait_for(lambda: not any(runs(pid) for pid in children), "the end of what was left behind")
    assert not (second.directory / "bridge-data/places.json").exists()


def test_a_power_cut_misleads_nobody(
    start: "Callable[..., Up]", runs: Callable[[int], bool], wait_for: Callable[..., object]
) -> None:
    """What is left of its places is believed neither by another terminal nor by the next bridge."""
    first = start()
    children = first.family(keeper=False)
    keeper = first.family() - children
    for pid in (*keeper, first.process.pid, *children):
        os.kill(pid, signal.SIGKILL)
    first.process.wait()
    wait_for(lambda: not any(runs(pid) for pid in children), "the end of all its processes")
    left = first.directory / "bridge-data/places.json"
    environment = {**json.loads(left.read_text())["environment"], "BRIDGE_LOG_LEVEL": "nonsense"}
    left.write_text(json.dumps({"environment": environment}))
    told = first.bridge("status")
    assert told.returncode == 1
    assert "no bridge runs here: start one with `bridge up`" in told.stderr
    assert start().bridge("status").returncode == 0


def test_one_bridge_at_a_time_on_one_directory(live: "Up") -> None:
    """A second one says in one sentence which one is there, and ends with code 1."""
    told = live.bridge("up", "--json", "--http", "0", "--smtp", "0", "--console", "0", "--sandbox", "0")
    assert told.returncode == 1
    assert told.stderr == (
        f"bridge: another bridge (pid {live.process.pid}) runs on {live.places['data']}: "
        "stop it, or use another --data\n"
    )


def test_a_wrong_setting_is_one_sentence_with_its_path(
    bridge: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    """Neither a traceback nor a running Redis comes of it."""
    (tmp_path / "wrong.toml").write_text("[http]\nport = 99999\n")
    told = bridge("up", "--config", "wrong.toml", cwd=tmp_path)
    assert told.returncode == 1
    assert told.stderr == (
        f"bridge: {tmp_path}/wrong.toml: http.port: Input should be less than or equal to 65535\n"
    )


def test_a_channel_that_cannot_work_ends_the_start(
    bridge: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    """What only a child notices is said by the child, and everything else is ended again."""
    (tmp_path / "bridge.toml").write_text(
        '[services.support]\nbase_url = "http://127.0.0.1:9/nexus/v3"\napi_key = "env:NO_SUCH"\n'
        '[channels.mail]\nconnector = "email"\nservice = "support"\n'
    )
    told = bridge("up", "--http", "0", "--smtp", "0", "--console", "0", cwd=tmp_path)
    assert told.returncode == 1
    *said, last = told.stderr.splitlines()
    assert [line for line in said if line.startswith("bridge: channels.mail.options.addresses: ")]
    assert last == "bridge: intake ended with exit code 1 before it was ready"
    assert "Traceback" not in told.stderr
