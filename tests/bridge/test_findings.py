"""What a check says."""

import io

from rich.console import Console

from bridge.findings import has_problem, ok, print_findings, problem, warning


def test_each_finding_is_a_line() -> None:
    """Grades and names stand in columns; the last line counts."""
    console = Console(file=io.StringIO(), width=200)
    print_findings(
        [ok("store", "answers"), warning("broker", "is slow"), problem("service", "is away")], console
    )
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "ok        store    answers",
        "warning   broker   is slow",
        "problem   service  is away",
        "",
        "1 problem, 1 warning",
    ]


def test_only_problems_are_problems() -> None:
    """A warning is no reason to fail."""
    assert not has_problem([ok("a", ""), warning("b", "")])
    assert has_problem([ok("a", ""), problem("b", "")])
