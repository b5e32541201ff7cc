"""Mending: what a person may change of a dead command before it comes back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from pydantic import ValidationError

from worker.commands import Command
from worker.deadletters import edited
from worker.errors import BridgeError
from worker.userdata import within_rules

#: What a command asks for, and may be mended; the rest says which command it is.
_OPEN: Final = {
    "create": ("user_data", "parent_interaction_id", "on_conflict"),
    "update": ("changed", "added", "deleted", "on_missing", "on_ended"),
    "stop": ("reason_system_name", "reason_description"),
}
_ABSENT: Final = object()


class NotAnEdit(BridgeError):
    """What was asked for cannot be done to this letter."""


def changed(command: Command, sets: Sequence[str], unsets: Sequence[str]) -> dict[str, Any]:
    """Return the fields that `path=json` and paths to take out change, with their new values.

    A path is a field (`on_conflict`) or a property in one (`user_data.Subject`). Raises NotAnEdit.
    """
    before = command.model_dump(mode="json")
    fields: dict[str, Any] = {}
    for pair in sets:
        path, equals, written = pair.partition("=")
        if not equals:
            raise NotAnEdit(f"{pair!r} is not PATH=JSON, as in --set 'user_data.Subject=\"Hello\"'")
        _put(command, before, fields, path, _json(path, written))
    for path in unsets:
        _put(command, before, fields, path, _ABSENT)
    if all(before[name] == value for name, value in fields.items()):
        raise NotAnEdit("nothing would change: say what with --set or --unset, or use `bridge dead replay`")
    return fields


def _put(command: Command, before: Mapping[str, Any], fields: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 - JSON
    name, dot, inner = path.partition(".")
    if name not in _OPEN[command.kind]:
        known = ", ".join(_OPEN[command.kind])
        raise NotAnEdit(f"{name!r} of {_article(command.kind)} cannot be changed; what can is: {known}")
    if not dot:
        fields[name] = type(command).model_fields[name].get_default(call_default_factory=True)
        if value is not _ABSENT:
            fields[name] = value
        return
    held = fields.get(name, before[name])
    if not isinstance(held, Mapping):
        raise NotAnEdit(f"{name!r} has no properties, so {path!r} leads nowhere: give it a value as a whole")
    if value is _ABSENT and inner not in held:
        raise NotAnEdit(f"there is no {path!r} to take out; there is: {', '.join(held) or 'nothing'}")
    kept = {each: what for each, what in held.items() if each != inner}
    fields[name] = kept if value is _ABSENT else {**held, inner: value}


def _article(kind: str) -> str:
    return f"an {kind}" if kind == "update" else f"a {kind}"


def _json(path: str, written: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise NotAnEdit(
            f"{path}: {written!r} is not JSON ({error}); a text needs its quotes: --set '{path}=\"…\"'"
        ) from error


def mended(command: Command, changes: Mapping[str, Any], *, limit: int) -> Command:
    """Return the command as it will be, its user data of up to `limit` bytes. Raises NotAnEdit."""
    try:
        return within_rules(edited(command, changes), limit=limit)
    except ValidationError as error:
        reasons = (
            f"{'.'.join(str(part) for part in each['loc'][1:])}: {each['msg']}"
            for each in error.errors(include_url=False)
        )
        raise NotAnEdit("; ".join(reasons)) from error


def told(command: Command) -> dict[str, str]:
    """Return what a command asks for: a path for each property, its value as JSON."""
    found: dict[str, str] = {}
    for name, value in command.model_dump(mode="json", include=set(_OPEN[command.kind])).items():
        inner = {f"{name}.{each}": what for each, what in value.items()} if isinstance(value, dict) else {}
        for path, what in (inner or {name: value}).items():
            found[path] = orjson.dumps(what).decode()
    return found
