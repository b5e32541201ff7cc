"""What `bridge up` tells a person."""

import io
from dataclasses import replace

from rich.console import Console

from bridge.places import Places
from bridge.welcome import welcome


def told(places: Places) -> list[str]:
    """Return the lines that a person reads."""
    file = io.StringIO()
    welcome(Console(file=file, soft_wrap=True), places, seconds=1.234)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_commands_stand_alone_on_their_lines() -> None:
    """However long, a command is one line without a blank before it, so that it can be copied."""
    command = "curl " + "x" * 500
    places = Places(
        environment={},
        intake="http://127.0.0.1:8080",
        smtp={"host": "127.0.0.1", "port": 8025},
        sandbox=None,
        data="/data",
        config="/data/bridge.toml",
        pid=1,
        samples={"webhook": command},
    )
    lines = told(places)
    assert command in lines
    assert "webhooks  http://127.0.0.1:8080/channels/…" in lines
    assert "mail      smtp://127.0.0.1:8025" in lines
    assert not [line for line in lines if line.startswith("sandbox")]
    shut = told(replace(places, smtp={}))
    assert not [line for line in shut if line.startswith("mail")], "nobody is sent to a door that is shut"
