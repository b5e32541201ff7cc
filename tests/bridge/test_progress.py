"""How far long work is shows on a terminal; of what may take an hour, a log has a line now and then."""

import io

import pytest
from rich.console import Console

from bridge.progress import progress, reaching
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


def test_a_person_sees_how_far_it_is_and_what_was_found() -> None:
    """The end becomes known on the way."""
    screen, written = watched(terminal=True)
    with reaching(screen, "auditing the store") as reach:
        reach(250, 1000, "2 found")
    assert "250/1000" in written.getvalue()
    assert "2 found" in written.getvalue()


def test_a_log_has_a_line_now_and_then() -> None:
    """Not one for every step."""
    screen, written = watched(terminal=False)
    now = 0.0
    with reaching(screen, "auditing the store", lambda: now) as reach:
        for now in (1.0, 10.0, 11.0, 19.0, 20.0):
            reach(int(now) * 1000, 60_000, "0 found")
    assert written.getvalue().splitlines() == [
        "bridge: auditing the store: 10,000 of 60,000, 0 found",
        "bridge: auditing the store: 20,000 of 60,000, 0 found",
    ]
