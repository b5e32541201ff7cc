"""The console as a process, beside the bridge that it shows."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bridge.console import stated
from bridge.findings import Grade
from console.passwords import hashed
from worker.secrets import Secrets
from worker.settings import Settings

if TYPE_CHECKING:
    from tests.bridge.conftest import Up


def test_a_running_bridge_brings_its_console(live: "Up") -> None:
    """It says where; what is done there bears the name of this machine's people, and terminals read it."""
    address = live.places["console"]
    pause = urllib.request.Request(  # noqa: S310 - the bridge's own address
        f"{address}/admin/v1/channels/tickets/pause",
        data=b'{"reason": "a look"}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(pause) as answer:  # noqa: S310 - as above
        assert json.load(answer)["done"]
    live.bridge("channel", "resume", "tickets")
    told = json.loads(live.bridge("audit-log", "--json", "--limit", "2").stdout)
    assert [(each["action"], each["how"]) for each in told] == [
        ("resume-channel", "terminal"),
        ("pause-channel", "loopback"),
    ]


@pytest.mark.parametrize(
    ("console", "grade", "said"),
    [
        ({}, Grade.OK, "127.0.0.1 port 8090: whoever works here is admin 'local'"),
        ({"accounts": {"ann": {"role": "viewer", "password": "file:ann"}}}, Grade.OK, "people log in"),
        ({"accounts": {"ann": {"role": "viewer", "password": "file:no"}}}, Grade.PROBLEM, "file:no"),
        ({"host": "10.0.0.5"}, Grade.PROBLEM, "nobody would have to log in"),
        ({"clients": {"ci": {"role": "viewer", "tokens": ["file:short"]}}}, Grade.PROBLEM, "can be guessed"),
    ],
)
def test_check_says_who_gets_in(tmp_path: Path, console: dict[str, Any], grade: Grade, said: str) -> None:
    """Before it is started."""
    (tmp_path / "short").write_text("short")
    (tmp_path / "ann").write_text(hashed("correct horse battery"))
    settings = Settings.model_validate({"console": console})
    (found,) = stated(settings, Secrets(tmp_path))
    assert found.grade is grade
    assert said in found.text


def test_a_console_that_strangers_would_reach_does_not_start(
    bridge: Callable[..., Any], tmp_path: Path
) -> None:
    """One sentence says why and what to do, before anything is opened."""
    (tmp_path / "bridge.toml").write_text('[console]\nhost = "0.0.0.0"\n')
    told = bridge("console", cwd=tmp_path)
    assert told.returncode == 1
    assert told.stderr.startswith("bridge: console.host is 0.0.0.0, but nobody would have to log in: ")
    assert len(told.stderr.splitlines()) == 1
