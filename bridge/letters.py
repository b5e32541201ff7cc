"""The letters that are meant: chosen by id or by what they are, grouped or one by one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import columns, plain
from worker.deadletters import Filter, Letter
from worker.errors import BridgeError
from worker.lanes import Entry
from worker.letters import LetterHead
from worker.wiring import Bridge

#: Letters looked at by one command, the newest ones.
MOST: Final = 10_000
#: Characters of an id that are shown, and enough to name a letter.
SHOWN: Final = 12
_FEWEST: Final = 6


class NoSuchLetter(BridgeError):
    """No dead letter bears this id."""


class Ambiguous(BridgeError):
    """What was written is the beginning of several ids."""


class TooMuch(BridgeError):
    """All letters were meant without saying so."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The letters that fit, and the ids that name none."""

    #: Oldest first, so that what belongs to one conversation keeps its order.
    letters: tuple[LetterHead, ...]
    gone: tuple[str, ...] = ()


def require_choice(wanted: Filter, *, everything: bool, verb: str) -> None:
    """Raise TooMuch when nothing narrows the choice down and nobody said --all."""
    if not everything and wanted == Filter():
        raise TooMuch(
            f"nothing says which dead letters to {verb}: name ids, filter with --cause, --channel, "
            "--external-id or --since, or say --all"
        )


async def look_up(service: str, wanted: Filter) -> tuple[LetterHead, ...]:
    """Return the letters that fit, oldest first. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        return (await choose(bridge, service, wanted)).letters


async def choose(bridge: Bridge, service: str, wanted: Filter) -> Chosen:
    """Return the letters that fit; an id may be written by its beginning. Raises Ambiguous."""
    letters = await bridge.dead_letters.find(service, replace(wanted, ids=frozenset()), limit=MOST)
    ordered = tuple(sorted(letters, key=_age))
    if not wanted.ids:
        return Chosen(ordered)
    named = {written: _named(written, ordered) for written in sorted(wanted.ids)}
    ids = {letter.id for letter in named.values() if letter}
    return Chosen(
        tuple(letter for letter in ordered if letter.id in ids),
        tuple(written for written, letter in named.items() if letter is None),
    )


async def find_one(bridge: Bridge, service: str, written: str) -> tuple[Letter, tuple[Entry, ...]]:
    """Return a letter and its lane's history at its burial. Raises NoSuchLetter or Ambiguous."""
    found = await bridge.store.letter(service, written)
    if found is None:
        named = _named(written, await bridge.store.dead(service, limit=MOST))
        found = await bridge.store.letter(service, named.id) if named else None
    if found is None:
        raise NoSuchLetter(
            f"service {service!r} has no dead letter {written!r}: replayed, discarded, or it never was; "
            f"`bridge dead list {service} --each` lists those there are"
        )
    return found


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
    for letter in sorted(letters, key=_age, reverse=True):
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


def _age(letter: LetterHead) -> tuple[Any, int]:
    return letter.buried_at, letter.sequence


def _named(written: str, letters: Iterable[LetterHead]) -> LetterHead | None:
    found = [letter for letter in letters if letter.id.startswith(written)]
    exact = [letter for letter in found if letter.id == written]
    if exact or len(written) < _FEWEST:
        return exact[0] if exact else None
    if len(found) > 1:
        raise Ambiguous(
            f"{len(found)} dead letters have an id that begins with {written!r}: write more of it"
        )
    return found[0] if found else None
