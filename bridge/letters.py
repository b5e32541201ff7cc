"""The letters that are meant: chosen by id or by what they are, grouped or one by one."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import columns, plain
from console.choice import MOST, Chosen, age, choose
from worker.deadletters import Filter
from worker.letters import LetterHead

#: Characters of an id that are shown, and enough to name a letter.
SHOWN: Final = 12


async def look_up(service: str, wanted: Filter) -> tuple[LetterHead, ...]:
    """Return the letters that fit, oldest first. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        return (await choose(bridge, service, wanted)).letters


def print_list(
    letters: Sequence[LetterHead], console: Console, clock: Clock, *, service: str, each: bool
) -> None:
    """Write them for a person, and what to do next."""
    if not letters:
        console.print(Text(f"no dead letter of {service} fits"))
        return
    if each:
        print_each(letters, console, clock)
        next_step = f"`bridge dead show {service} ID` tells all about one"
    else:
        print_groups(letters, console, clock)
        next_step = f"`bridge dead list {service} --each` lists them one by one"
    console.print(Text(f"\n{next_step}", style="dim"))
    if len(letters) == MOST:
        console.print(Text(f"only the newest {MOST} were looked at", style="dim"))


def print_plan(chosen: Chosen, console: Console, clock: Clock, *, service: str, verb: str) -> bool:
    """Write what is about to be done; return whether there is anything."""
    for written in chosen.gone:
        console.print(Text(f"{written} is no dead letter of {service}, or does not fit"))
    if not chosen.letters:
        console.print(Text(f"nothing is left to {verb}: no dead letter of {service} fits"))
        return False
    console.print(f"to {verb}, oldest first:")
    print_groups(chosen.letters, console, clock)
    return True


def print_groups(letters: Sequence[LetterHead], console: Console, clock: Clock) -> None:
    """Write how many there are of each cause and channel, and from when to when."""
    table = columns("cause", "channel", "letters", "oldest", "newest", fixed=("cause", "letters"))
    groups: dict[tuple[str, str], list[LetterHead]] = {}
    for letter in letters:
        groups.setdefault((letter.cause, letter.channel), []).append(letter)
    for (cause, channel), each in sorted(groups.items()):
        moments = [letter.buried_at for letter in each]
        table.add_row(cause, channel, str(len(each)), clock(min(moments)), clock(max(moments)))
    console.print(table)


def print_each(letters: Sequence[LetterHead], console: Console, clock: Clock) -> None:
    """Write one row for each, newest first."""
    table = columns("id", "since", "cause", "channel", "external id", "reason", fixed=("id", "cause"))
    for letter in sorted(letters, key=age, reverse=True):
        table.add_row(
            Text(letter.id[:SHOWN]),
            clock(letter.buried_at),
            letter.cause,
            letter.channel,
            Text(letter.external_id),
            Text(plain(letter.reason)),
        )
    console.print(table)


def as_json(letters: Iterable[LetterHead]) -> str:
    """Return them as one line of JSON, without what they carry."""
    return json.dumps([_fields(letter) for letter in letters])


def _fields(letter: LetterHead) -> dict[str, Any]:
    return {
        "id": letter.id,
        "cause": letter.cause,
        "channel": letter.channel,
        "external_id": letter.external_id,
        "since": letter.buried_at.isoformat(),
        "reason": letter.reason,
    }
