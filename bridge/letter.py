"""One dead letter, with everything that is known of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from bridge.history import print_history
from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import facts, plain
from console.choice import find_one
from console.shell import command
from worker.deadletters import Letter
from worker.lanes import Entry, LaneView
from worker.letters import UNREADABLE, DeadCommand, Unreadable

_MOST_CHARACTERS: Final = 4000
_MOST_BYTES: Final = 512
_ROW_BYTES: Final = 16

#: What says where a command belongs and where it came from; shown apart from what it asks for.
_STAMPED: Final = (
    "service",
    "external_id",
    "idempotency_key",
    "channel",
    "received_at",
    "trace_id",
    "kind",
)
#: What usually helps, by cause.
ADVICE: Final = {
    "rejected": "mend what the API named and replay it with `bridge dead edit`, or discard it",
    "exhausted": "see that the service answers again, then replay it",
    "conflict": "see at the API whose interaction bears this external id; replay it once that has ended, "
    "or discard it",
    "missing": "replay it once the interaction is there, or discard it",
    "ended": "the interaction ended before this could be applied: discard it, or edit it to follow up",
    UNREADABLE: "mend the channel's options, start the intake again, then replay it",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A dead letter and what surrounds it."""

    letter: Letter
    #: Its conversation's history up to its burial.
    history: tuple[Entry, ...] = ()
    #: Its conversation as it stands now, None where nothing is known of it.
    view: LaneView | None = None


async def look_up(service: str, letter_id: str) -> Found:
    """Return a letter by its id or the beginning of it. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        letter, history = await find_one(bridge, service, letter_id)
        if isinstance(letter, Unreadable):
            return Found(letter)
        view = await bridge.store.view(service, letter.command.external_id)
        return Found(letter, history, view)


def print_letter(found: Found, console: Console, clock: Clock, *, with_body: bool = False) -> None:
    """Write it for a person."""
    if isinstance(found.letter, DeadCommand):
        _print_command(found.letter, found, console, clock)
    else:
        _print_delivery(found.letter, console, clock, with_body=with_body)


def as_json(found: Found, *, with_body: bool = False) -> str:
    """Return it as one line of JSON; a delivery's headers and bytes (base64) only when asked for."""
    letter = found.letter
    hidden = set() if with_body or isinstance(letter, DeadCommand) else {"body", "headers"}
    fields: dict[str, Any] = letter.model_dump(mode="json", exclude=hidden)
    return json.dumps({**fields, "history": [entry.model_dump(mode="json") for entry in found.history]})


def preview(body: bytes) -> str:
    """Return the beginning of a body: as text where it is text, otherwise in hex."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _hex(body)
    if "\0" in text:
        return _hex(body)
    more = len(text) - _MOST_CHARACTERS
    shown = plain(text[:_MOST_CHARACTERS].replace("\r\n", "\n"))
    return f"{shown}\n… and {more} characters more" if more > 0 else shown


def _print_command(letter: DeadCommand, found: Found, console: Console, clock: Clock) -> None:
    console.print(facts(_stamps(letter, found.view, clock)))
    console.print(Text("\nwhat it asks for", style="bold"))
    content = letter.command.model_dump(mode="json", exclude=set(_STAMPED))
    console.print(Text(plain(json.dumps(content, indent=2, ensure_ascii=False))))
    console.print(Text("\nwhat happened to it", style="bold"))
    print_history([entry for entry in found.history if entry.sequence == letter.sequence], console, clock)
    _advise(letter.cause, console)


def _stamps(letter: DeadCommand, view: LaneView | None, clock: Clock) -> Iterator[tuple[str, str]]:
    asked = letter.command
    yield "dead letter", letter.id
    yield "cause", letter.cause
    yield "reason", plain(letter.reason)
    yield "buried", f"{clock(letter.buried_at)}, attempts: {letter.attempts}"
    yield "command", f"{letter.sequence}, {asked.kind}"
    yield "service", asked.service
    yield "channel", asked.channel
    yield "external id", asked.external_id
    yield "key", asked.idempotency_key
    yield "fingerprint", asked.fingerprint
    yield "received", clock(asked.received_at)
    yield "trace", asked.trace_id
    if view is not None:
        yield "conversation", f"{view.interaction.state}, commands waiting: {len(view.pending)}"
        if view.parked:
            yield "parked", "nothing of this conversation moves until its create is replayed or discarded"
        yield "see also", command("show", asked.service, asked.external_id)


def _print_delivery(letter: Unreadable, console: Console, clock: Clock, *, with_body: bool) -> None:
    rows = [
        ("dead letter", letter.id),
        ("cause", UNREADABLE),
        ("reason", plain(letter.reason)),
        ("arrived", clock(letter.arrived_at)),
        ("service", letter.service),
        ("channel", letter.channel),
        ("peer", letter.peer),
        ("body", f"{len(letter.body)} bytes" + ("" if with_body else "; --body shows them, and the headers")),
    ]
    console.print(facts(rows))
    if with_body:
        console.print(Text("\nheaders", style="bold"))
        console.print(facts((name, plain(value)) for name, value in letter.headers))
        console.print(Text("\nbody", style="bold"))
        console.print(Text(preview(letter.body)))
    _advise(UNREADABLE, console)


def _advise(cause: str, console: Console) -> None:
    if cause in ADVICE:
        console.print(Text(f"\nwhat to do: {ADVICE[cause]}", style="dim"))


def _hex(body: bytes) -> str:
    rows = [
        f"{start:06x}  {body[start : start + _ROW_BYTES].hex(' '):<47}  "
        + "".join(chr(each) if 32 <= each < 127 else "." for each in body[start : start + _ROW_BYTES])  # noqa: PLR2004 - printable ASCII
        for start in range(0, min(len(body), _MOST_BYTES), _ROW_BYTES)
    ]
    more = len(body) - _MOST_BYTES
    return "\n".join([*rows, f"… and {more} bytes more"] if more > 0 else rows)
