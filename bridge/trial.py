"""`bridge channel try`: a delivery from a file, proved and translated as at the door. Sends nothing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from bridge.request_file import header, read_request
from bridge.session import configured
from bridge.sheet import facts, plain
from connectors.base import (
    Connector,
    Delivery,
    Envelope,
    EvidenceNeeded,
    Handshake,
    Ignored,
    Refused,
    Threaded,
    Understood,
    UnreadableDelivery,
    Verified,
)
from connectors.registry import build
from console.links import links_of
from worker.commands import Command
from worker.errors import BridgeError
from worker.secrets import Secrets
from worker.settings import Settings

_COMMANDS: Final = TypeAdapter(list[Command])
#: What every command has, and what says nothing here.
_LEFT_OUT: Final = frozenset({"kind", "service", "channel", "trace_id"})


class NotTaken(BridgeError):
    """The door would not take this delivery."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How a delivery fared."""

    #: How it was proved genuine.
    proof: str
    understood: Understood


def try_delivery(
    channel: str, file: Path, *, headers: Sequence[str], at: datetime, proved: bool = True
) -> Trial:
    """Return what a channel makes of a file. For entry points only.

    Args:
        channel: The channel's name.
        file: An HTTP request as it goes over the wire, a body alone, or a mail.
        headers: Further headers, as `NAME: VALUE`.
        at: When it is to have arrived, aware; a signature is only fresh for some minutes.
        proved: Whether it has to be proved genuine.

    Raises:
        NotTaken: It is refused or unreadable; the text says exactly why.
        BridgeError: The settings or the file are wrong.
    """
    connector = _connector(*configured("error"), channel, proved=proved)
    delivery = _delivery(connector, _content(file), [header(each) for each in headers], at)
    try:
        verified = connector.verify(delivery) if proved else Verified(delivery, "not proved, as you asked")
        understood = connector.translate(verified)
        if isinstance(understood, Threaded):
            understood = understood.foreseen
        return Trial(_proof(verified), understood)
    except Refused as error:
        raise NotTaken(f"refused: {error} (the sender is told: {error.told})") from error
    except EvidenceNeeded as error:
        raise NotTaken(f"refused: {error}; a trial fetches nothing, so try it with --unproved") from error
    except UnreadableDelivery as error:
        raise NotTaken(f"unreadable: {error} (it would be acknowledged, and kept for a person)") from error


def as_json(trial: Trial) -> str:
    """Return it as one line of JSON."""
    return json.dumps({"proof": trial.proof, **_meaning(trial.understood)}, ensure_ascii=False)


def print_trial(trial: Trial, console: Console) -> None:
    """Write it for a person: how it was proved, and every command."""
    console.print(facts([("proof", trial.proof)]))
    understood = trial.understood
    if isinstance(understood, Ignored):
        console.print(Text(f"ignored: {plain(understood.reason)}"))
    elif isinstance(understood, Handshake):
        console.print(Text(f"answered: {plain(understood.reply.body.decode(errors='replace'))}"))
    else:
        for command in _commands(understood):
            console.print(Text(f"\n{command.kind}", style="bold"))
            console.print(facts(_facts(command)))


def _connector(settings: Settings, secrets: Secrets, channel: str, *, proved: bool) -> Connector:
    found = settings.channels.get(channel)
    if found is None:
        known = ", ".join(sorted(settings.channels)) or "none"
        raise NotTaken(f"no channel {channel!r} is configured; there is: {known}")
    links = links_of(settings, secrets)
    if proved:
        return build(channel, found, secrets.readers(found.secrets), links=links)
    unproved = found.model_copy(update={"verify": "none", "secrets": ()})
    return build(channel, unproved, tuple, links=links)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotTaken(f"{file} cannot be read: {error.strerror}") from error


def _delivery(
    connector: Connector, content: bytes, headers: Sequence[tuple[str, str]], at: datetime
) -> Delivery:
    if "http" in connector.hosts:
        return read_request(content, channel=connector.channel, arrived_at=at, headers=headers)
    recipients = tuple(value for name, value in headers if name.lower() == "delivered-to")
    senders = [value for name, value in headers if name.lower() == "return-path"]
    envelope = Envelope(senders[0] if senders else None, recipients)
    bare = read_request(b"", channel=connector.channel, arrived_at=at)
    return Delivery(bare.channel, bare.headers, content, at, envelope=envelope)


def _proof(verified: Verified) -> str:
    which = "" if verified.secret is None else f", by secret {verified.secret + 1} of the channel"
    return f"{verified.method}{which}"


def _meaning(understood: Understood) -> dict[str, Any]:
    if isinstance(understood, Ignored):
        return {"ignored": understood.reason}
    if isinstance(understood, Handshake):
        return {"handshake": understood.reply.body.decode(errors="replace")}
    return {"commands": _COMMANDS.dump_python(list(_commands(understood)), mode="json")}


def _commands(understood: tuple[Command, ...] | Threaded) -> tuple[Command, ...]:
    """Return the commands; where they hang on what the store knows, those for a store that knows nothing."""
    return understood.foreseen if isinstance(understood, Threaded) else understood


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
