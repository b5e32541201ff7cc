"""The profile as a file."""

from pathlib import Path

from bridge.conformance.profile import Finding, profile
from bridge.conformance.questions import QUESTIONS
from sandbox.behaviour import Behaviour
from sandbox.configuration import read_configuration

_BY_NAME = {each.switch: each for each in QUESTIONS}


def test_a_sandbox_reads_it(tmp_path: Path) -> None:
    """Words, numbers and truths arrive as they were found; what nobody knows stays as assumed."""
    findings = [
        Finding(_BY_NAME["envelope"], found="bare"),
        Finding(_BY_NAME["failure_in_200"], found=True),
        Finding(_BY_NAME["user_data_limit"], found=4000),
        Finding(_BY_NAME["id_style"], why="no id is shown"),
    ]
    path = tmp_path / "profile.toml"
    path.write_text(profile(findings, "support", "r1"))
    assert read_configuration(path).behaviour == Behaviour(
        envelope="bare", failure_in_200=True, user_data_limit=4000
    )
    assert "# id_style: no id is shown" in path.read_text()


def test_an_assumption_holds_or_not_or_nobody_knows() -> None:
    """Three outcomes, told apart in JSON as well."""
    asked = _BY_NAME["after_stop"]
    told = [Finding(asked, found=found).facts()["holds"] for found in ("gone", "shown", None)]
    assert told == [True, False, None]
