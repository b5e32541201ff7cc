"""Budget: how much user data an interaction may carry, and how too much of it is shortened.

The safe size is 16,000 bytes, measured as JSON in UTF-8. Only strings are shortened, the longest first and
all to the same length, so the same delivery is always cut at the same place.
"""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue
from pydantic_core import to_json

from worker.errors import UserDataRefused

#: Room for the marks that a create carries beside its user data: its fingerprint and its key.
MARKS_BYTES = 800
#: What an interaction may hold by default (16,000), less that room.
BUDGET_BYTES = 16_000 - MARKS_BYTES
#: Stands where something was left out.
MARKER = " […]"

# The marker in its quotation marks and a little text before it: shorter strings would say nothing.
_SHORTEST = 24


def fit(user_data: Mapping[str, JsonValue], limit: int = BUDGET_BYTES) -> dict[str, JsonValue]:
    """Return the user data, its longest strings shortened to fit. Raises UserDataRefused if it cannot."""
    whole = len(to_json(user_data))
    if whole <= limit:
        return dict(user_data)
    sizes = sorted(_size(text) for text in _strings(user_data))
    level = _level(sizes, room=limit - (whole - sum(sizes)))
    return {name: _shorten(value, level) for name, value in user_data.items()}


def cut(text: str, characters: int) -> str:
    """Return a text of at most so many characters, with the marker where it was cut."""
    if len(text) <= characters:
        return text
    return text[: max(characters - len(MARKER), 0)].rstrip() + MARKER


def _size(text: str) -> int:
    return len(to_json(text))


def _strings(value: JsonValue | Mapping[str, JsonValue]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _level(sizes: list[int], *, room: int) -> int:
    """Return the greatest size to which all strings can be held so that together they fill the room."""
    for index, size in enumerate(sizes):
        waiting = len(sizes) - index
        if size * waiting > room:
            level = room // waiting
            if level >= _SHORTEST:
                return level
            break
        room -= size
    raise UserDataRefused("the user data is over its budget and cannot be shortened to fit")


def _shorten(value: JsonValue, level: int) -> JsonValue:
    if isinstance(value, str):
        return value if _size(value) <= level else _cut_to_size(value, level)
    if isinstance(value, dict):
        return {name: _shorten(each, level) for name, each in value.items()}
    if isinstance(value, list):
        return [_shorten(each, level) for each in value]
    return value


def _cut_to_size(text: str, size: int) -> str:
    """Return the longest beginning that fits together with the marker."""
    fits, fails = 0, min(len(text), size) + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if _size(text[:middle] + MARKER) <= size:
            fits = middle
        else:
            fails = middle
    return text[:fits] + MARKER
