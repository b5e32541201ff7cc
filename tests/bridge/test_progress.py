"""How far long work is shows on a terminal, and nowhere else."""

import io

import pytest
from rich.console import Console

from bridge.progress import progress
from bridge.screen import Screen


def watched(*, terminal: bool) -> tuple[Screen, io.StringIO]:
    """Return a screen, and what is written on its standard error."""
    screen, written = Screen(), io.StringIO()
    screen.err = Console(file=written, force_terminal=terminal, width=100)
    return screen, written


@pytest.mark.parametrize(("total", "shown"), [(4, "3/4"), (None, "1,003")])
def test_a_person_sees_how_far_it_is(total: int | None, shown: str) -> None:
    """Of how many, where that is known."""
    screen, written = watched(terminal=True)
    with progress(screen, "mails compared", total) as advance:
        advance(3 if total else 1003)
    assert "mails compared" in written.getvalue()
    assert shown in written.getvalue()


def test_a_script_sees_nothing() -> None:
    """Its log stays readable."""
    screen, written = watched(terminal=False)
    with progress(screen, "mails compared", 4) as advance:
        advance(3)
    assert written.getvalue() == ""
