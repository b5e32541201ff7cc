"""The command line."""

from pathlib import Path

import pytest

from sandbox.arguments import parse
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


@pytest.mark.parametrize(
    "arguments", ["--service a", "--service =K", "--service a=", "--key-file a=/nowhere/at/all", "--port x"]
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
