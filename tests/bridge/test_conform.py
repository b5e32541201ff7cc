"""`bridge conform`, as a person types it, against a sandbox process."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bridge import conform as conforming
from bridge.conformance.questions import QUESTIONS, UNASKED
from sandbox.behaviour import Behaviour

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator

_SETTINGS = """
[services.{own}]
base_url = "{url}/nexus/v3"
api_key = "env:KEY"
[services.sales]
base_url = "{url}/nexus/v3"
api_key = "env:SALES_KEY"
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The address of a sandbox."""
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--service",
        "support=KEY",
        "--service",
        "sales=SALES",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture
def asking(
    operator: "Operator", sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Operator"]:
    """A person whose settings lead to the sandbox, which behaves as assumed and holds nothing."""
    (tmp_path / "bridge.toml").write_text(_SETTINGS.format(own="support", url=sandbox))
    monkeypatch.setenv("KEY", "KEY")
    monkeypatch.setenv("SALES_KEY", "SALES")
    httpx.put(f"{sandbox}/sandbox/behaviour", json={}).raise_for_status()
    yield operator
    assert held(sandbox) == []


def held(sandbox: str) -> list[Any]:
    """What is live in the sandbox."""
    shown = httpx.get(f"{sandbox}/sandbox/interactions", params={"state": "active"}).json()
    rows = shown["interactions"] if isinstance(shown, dict) else shown
    return [each for each in rows if each["state"] == "active"]


def test_nothing_is_opened_unasked(asking: "Operator") -> None:
    """Without --yes it says what it would do."""
    assert "Say --yes" in asking.refused("conform", "--service", "support")


def test_the_profile_is_what_the_endpoint_does(asking: "Operator", sandbox: str, tmp_path: Path) -> None:
    """Several switches at once, over HTTP; a sandbox that reads the file behaves the same."""
    chosen = {
        "envelope": "bare",
        "after_stop": "shown",
        "conflict_scope": "tenant",
        "changed_missing": "ignore",
        "user_data_limit": 8000,
        "racing_creates": "both",
    }
    httpx.put(f"{sandbox}/sandbox/behaviour", json=chosen).raise_for_status()
    said = asking.types(
        "conform", "--service", "support", "--other", "sales", "--yes", "--profile", "p.toml", "--json"
    )
    report = json.loads(said.stdout)
    written = tomllib.loads((tmp_path / "p.toml").read_text())["behaviour"]
    assert Behaviour.model_validate(written) == Behaviour.model_validate(chosen)
    assert report["profile"] == written
    assert {each["switch"] for each in report["findings"] if each["holds"] is False} == set(chosen)
    assert (said.exit_code, report["left"]) == (0, [])
    assert report["opened"] > len(QUESTIONS) / 2


def test_a_conflict_is_waited_out(asking: "Operator", sandbox: str) -> None:
    """A stopped external id is tried again each second; what was opened in the end is stopped as well."""
    chosen = {"create_after_stop": "conflict", "conflict_for_s": 1.2}
    httpx.put(f"{sandbox}/sandbox/behaviour", json=chosen).raise_for_status()
    report = json.loads(asking.types("conform", "--service", "support", "--yes", "--json").stdout)
    (found,) = [each for each in report["findings"] if each["switch"] == "conflict_for_s"]
    assert found["found"] >= 2
    assert (found["assumed"], found["holds"], report["left"]) == (None, False, [])


def test_a_person_reads_a_table(asking: "Operator") -> None:
    """One line for each question, the unasked ones with their reasons, and the sum."""
    lines = asking.reads("conform", "--service", "support", "--yes")
    assert "yes GET and stop after the stop gone gone" in lines
    assert any(line.startswith("? where a live external id is in the way") for line in lines)
    assert any(
        line.startswith("? for how many seconds a stopped one is in the way for ever") for line in lines
    )
    assert "yes two creates at once with one external id one one" in lines
    assert [line for line in lines if line.startswith("not asked: ")] == [
        f"not asked: {name}, {why}" for name, why in UNASKED.items()
    ]
    assert lines[-1].startswith(f"{len(QUESTIONS) - 2} assumptions hold, 0 do not, 2 are unknown; ")
    assert lines[-1].endswith(" and 0 are left")


def test_a_run_that_is_broken_off_cleans_up(asking: "Operator", monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a question: what it opened is stopped all the same."""
    ask = conforming.Line.ask

    def interrupted(line: conforming.Line, question: str, step: Any) -> Any:  # noqa: ANN401 - as the one it stands for
        reply = ask(line, question, step)
        if question == "after_stop":
            raise KeyboardInterrupt
        return reply

    monkeypatch.setattr(conforming.Line, "ask", interrupted)
    stopped = asking.types("conform", "--service", "support", "--yes")
    assert stopped.exit_code != 0


def test_what_cannot_begin_says_why(
    asking: "Operator", sandbox: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown service, a wrong key, nobody there, and a file that cannot be written."""
    assert "no service 'nobody'" in asking.refused("conform", "--service", "nobody", "--yes")
    (tmp_path / "p").mkdir()
    assert "cannot be written" in asking.refused("conform", "--service", "support", "--yes", "--profile", "p")
    monkeypatch.setenv("KEY", "wrong")
    assert "refuses the key" in asking.refused("conform", "--service", "support", "--yes")
    (tmp_path / "bridge.toml").write_text(_SETTINGS.format(own="support", url="http://127.0.0.1:9"))
    assert "nothing was opened" in asking.refused("conform", "--service", "support", "--yes")
    (tmp_path / "bridge.toml").write_text(_SETTINGS.format(own="support", url="http://sandbox.invalid"))
    assert "none runs here" in asking.refused("conform", "--service", "support", "--yes")
    assert held(sandbox) == []
