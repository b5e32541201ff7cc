"""The choice: which dead letters are meant, by id or by what they are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from worker.deadletters import Filter, Letter
from worker.errors import BridgeError
from worker.lanes import Entry
from worker.letters import LetterHead
from worker.wiring import Bridge

#: Letters looked at by one command, the newest ones.
MOST: Final = 10_000
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


async def choose(bridge: Bridge, service: str, wanted: Filter) -> Chosen:
    """Return the letters that fit; an id may be written by its beginning. Raises Ambiguous."""
    letters = await bridge.dead_letters.find(service, replace(wanted, ids=frozenset()), limit=MOST)
    ordered = tuple(sorted(letters, key=age))
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


def age(letter: LetterHead) -> tuple[Any, int]:
    """Return what puts letters in order, the oldest first."""
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
