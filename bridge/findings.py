"""Findings: what a check says, one line for each thing looked at."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from rich.console import Console
from rich.text import Text


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"  #: as it should be
    WARNING = "warning"  #: works, and may not be what is wanted
    PROBLEM = "problem"  #: does not work


_STYLES: Final = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.PROBLEM: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    grade: Grade
    #: What was looked at: `store`, `service support`, `channels.mail`…
    what: str
    #: What was found, and what to do about it unless it is ok.
    text: str

    def fields(self) -> dict[str, str]:
        """Return it as JSON's words."""
        return asdict(self)


def ok(what: str, text: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(Grade.OK, what, text)


def warning(what: str, text: str) -> Finding:
    """Return a finding that somebody should know."""
    return Finding(Grade.WARNING, what, text)


def problem(what: str, text: str) -> Finding:
    """Return a finding that somebody must mend."""
    return Finding(Grade.PROBLEM, what, text)


def has_problem(findings: Sequence[Finding]) -> bool:
    """Say whether anything must be mended."""
    return any(finding.grade is Grade.PROBLEM for finding in findings)


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Write one line for each finding, and how it stands in all."""
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        grade = Text(f"{finding.grade:<8}", style=_STYLES[finding.grade])
        console.print(grade, Text(f"{finding.what:<{width}}", style="dim"), Text(finding.text), sep="  ")
    counts = {grade: sum(each.grade is grade for each in findings) for grade in Grade}
    parts = [
        f"{counts[grade]} {grade}{'s' * (counts[grade] != 1)}" for grade in (Grade.PROBLEM, Grade.WARNING)
    ]
    console.print(f"\n{', '.join(parts)}")
