"""The file a sandbox may start with."""

from pathlib import Path

import pytest

from sandbox.behaviour import Behaviour
from sandbox.configuration import Configuration, read_configuration
from sandbox.fault import Fault

README = Path(__file__).parents[2] / "sandbox" / "README.md"


def test_the_documented_file_can_be_read(tmp_path: Path) -> None:
    """The README's own example gives what it says."""
    path = tmp_path / "sandbox.toml"
    path.write_text(README.read_text().split("```toml\n")[1].split("```")[0])
    assert read_configuration(path) == Configuration(
        behaviour=Behaviour(after_stop="shown"),
        faults=(Fault(operation="create", kind="reset_after_commit", probability=0.05),),
        script=(Fault(kind="status", status=500),),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[behaviour]\nenvelop = 1", r"behaviour\.envelop: Extra inputs are not permitted"),
        (b"rules = []", "rules: Extra inputs"),
        (b"[[script]]\nlatency_p99_ms = 1", r"script\.0: Value error, latency_p99_ms needs a latency_ms"),
        (b"=", "Invalid"),
        (b"\xff", "utf-8"),
    ],
)
def test_nonsense_is_one_sentence(tmp_path: Path, text: bytes, said: str) -> None:
    """The field and the reason, without the model's own report."""
    path = tmp_path / "sandbox.toml"
    path.write_bytes(text)
    with pytest.raises(ValueError, match=said) as refused:
        read_configuration(path)
    assert "\n" not in str(refused.value)
