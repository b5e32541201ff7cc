"""Masks: what a person sees of personal data before they ask for it.

Every value that a sender wrote is hidden, whatever its name: no list of names would ever be complete. What is
left says that something is there, and how much.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

_DOTS: Final = "••••••"
#: What of a command a sender wrote.
_WRITTEN: Final = ("user_data", "changed", "added", "deleted", "reason_", "parent_")
_EMPTY: Final = frozenset({"{}", "[]", "null"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One property as it stands on the page."""

    name: str
    text: str
    hidden: bool


def masked(value: JsonValue) -> str:
    """Return what stands for a value: dots, and how much they hide."""
    if isinstance(value, str):
        return f"{_DOTS} {_count(len(value), 'character')}"
    if isinstance(value, Mapping):
        return f"{_DOTS} {_count(len(value), 'property', 'properties')}"
    if isinstance(value, list):
        return f"{_DOTS} {_count(len(value), 'element')}"
    return _DOTS


def asked_for(fields: Mapping[str, str], *, reveal: bool) -> list[tuple[str, str]]:
    """Return what a command asks for, its fields by path and their values as JSON, as it stands on the page.

    What our own rules say, such as `on_conflict`, is nobody's secret.
    """
    return [
        (path, value if reveal or not path.startswith(_WRITTEN) else masked(json.loads(value)))
        for path, value in fields.items()
        if value not in _EMPTY
    ]


def shown(properties: Mapping[str, JsonValue], *, reveal: bool) -> Iterator[Shown]:
    """Return properties as they stand on the page."""
    for name, value in properties.items():
        yield Shown(name, written(value) if reveal else masked(value), hidden=not reveal)


def written(value: JsonValue) -> str:
    """Return a value as it is read: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
