"""The command line."""

from pathlib import Path

import pytest

from sandbox.arguments import parse
from sandbox.behaviour import Behaviour
from sandbox.fault import Fault
from sandbox.settings import DEMO, Settings


def test_nothing_said_is_a_demo() -> None:
    """Without arguments the sandbox serves a demo service on its usual port."""
    assert parse([]) == Settings()
    assert parse([]).services == DEMO


def test_everything_said(tmp_path: Path) -> None:
    """Every argument finds its setting; keys of one service add up, also from a file."""
    keys = tmp_path / "keys"
    keys.write_text("K2\nK3\n")
    given = parse(
        f"--host ::1 --port 0 --service a=K1 --service b=K=4 --key-file a={keys} --data j --seed 7".split()
    )
    assert given == Settings(
        host="::1",
        port=0,
        services={"a": frozenset({"K1", "K2", "K3"}), "b": frozenset({"K=4"})},
        data=Path("j"),
        seed=7,
    )


def test_levers_may_stand_from_the_start(tmp_path: Path) -> None:
    """A file gives the behaviour, the rules and the script."""
    path = tmp_path / "sandbox.toml"
    path.write_text("[behaviour]\nquota = 3\n[[faults]]\nkind = 'hang'\n[[script]]\nstatus = 502\n")
    given = parse(["--config", str(path)])
    assert given == Settings(
        behaviour=Behaviour(quota=3), faults=(Fault(kind="hang"),), script=(Fault(status=502),)
    )


def test_a_wrong_lever_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which file, which field and why."""
    path = tmp_path / "sandbox.toml"
    path.write_text("[[faults]]\nkind = 'hang'\nlatency_ms = -1\n")
    with pytest.raises(SystemExit):
        parse(["--config", str(path)])
    told = capsys.readouterr().err
    assert f"--config {path}: faults.0.latency_ms: Input should be greater than or equal to 0" in told


@pytest.mark.parametrize(
    "arguments",
    [
        "--config /nowhere/at/all",
        "--service a",
        "--service =K",
        "--service a=",
        "--key-file a=/nowhere/at/all",
        "--port x",
    ],
)
def test_nonsense_ends_with_a_usage_message(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments that make no sense exit with status 2 and say how it is done."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments.split())
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_key_file_of_other_bytes(tmp_path: Path) -> None:
    """Keys are ASCII; a file of something else is refused."""
    keys = tmp_path / "keys"
    keys.write_bytes(b"\xff")
    with pytest.raises(SystemExit):
        parse(["--key-file", f"a={keys}"])
