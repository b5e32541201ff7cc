"""What a person reads."""

import pytest

from bridge.screen import Screen


def test_what_was_asked_for_and_the_rest_are_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays clean for scripts, and there is no colour where there is no terminal."""
    screen = Screen()
    screen.out.print("[bold]asked for[/]")
    screen.say("said [as it is]", style="red")
    screen.log("worker", "a line")
    told = capsys.readouterr()
    assert told.out == "asked for\n"
    assert told.err == "bridge: said [as it is]\nworker  | a line\n"
    assert not screen.shows_names
