"""`bridge channel try`: a delivery from a file, proved and translated as at the door. Sends nothing."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from bridge.session import configured
from bridge.sheet import facts, plain
from console.request_file import header
from console.trial import NotTaken, Trial, try_content
from worker.commands import Command

_COMMANDS: Final = TypeAdapter(tuple[Command, ...])
#: What every command has, and what says nothing here.
_LEFT_OUT: Final = frozenset({"kind", "service", "channel", "trace_id"})


def try_delivery(
    channel: str, file: Path, *, headers: Sequence[str], at: datetime, proved: bool = True
) -> Trial:
    """Return what a channel makes of a file; see `console.trial`. For entry points only.

    Raises NotTaken, or BridgeError when the settings or the file are wrong.
    """
    settings, secrets = configured("error")
    content, pairs = _content(file), [header(each) for each in headers]
    return try_content(settings, secrets, channel, content, headers=pairs, at=at, proved=proved)


def as_json(trial: Trial) -> str:
    """Return it as one line of JSON."""
    said: dict[str, Any] = {"commands": _COMMANDS.dump_python(trial.commands, mode="json")}
    if trial.ignored is not None:
        said = {"ignored": trial.ignored}
    if trial.handshake is not None:
        said = {"handshake": trial.handshake}
    return json.dumps({"proof": trial.proof, **said}, ensure_ascii=False)


def print_trial(trial: Trial, console: Console) -> None:
    """Write it for a person: how it was proved, and every command."""
    console.print(facts([("proof", trial.proof)]))
    if trial.ignored is not None:
        console.print(Text(f"ignored: {plain(trial.ignored)}"))
    if trial.handshake is not None:
        console.print(Text(f"answered: {plain(trial.handshake)}"))
    for command in trial.commands:
        console.print(Text(f"\n{command.kind}", style="bold"))
        console.print(facts(_facts(command)))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotTaken(f"{file} cannot be read: {error.strerror}") from error


def _facts(command: Command) -> Iterator[tuple[str, str]]:
    for name, value in command.model_dump(mode="json").items():
        if name in _LEFT_OUT or value in (None, {}, []):
            continue
        if isinstance(value, dict):
            yield from ((f"{name}.{each}", _written(what)) for each, what in value.items())
        else:
            yield name, _written(value)


def _written(value: object) -> str:
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
