"""User data: nothing is sent that the API would refuse. Pure."""

from collections.abc import Mapping

from pydantic import JsonValue

from worker.budget import fit
from worker.commands import Command, Create, Stop, Update
from worker.errors import UserDataRefused
from worker.properties import is_reserved


def within_rules(command: Command, *, limit: int) -> Command:
    """Return the command with its user data cut to `limit` bytes. Raises UserDataRefused.

    An update's changed and added properties share the budget; what the interaction holds besides is unknown.
    """
    match command:
        case Create():
            return command.model_copy(update={"user_data": _within(command.user_data, limit)})
        case Update():
            both = _within({**command.changed, **command.added}, limit)
            changed = {name: both[name] for name in command.changed}
            added = {name: both[name] for name in command.added}
            return command.model_copy(update={"changed": changed, "added": added})
        case Stop():
            return command


def _within(user_data: Mapping[str, JsonValue], limit: int) -> dict[str, JsonValue]:
    for name in user_data:
        if is_reserved(name):
            raise UserDataRefused(f"{name!r} is reserved for the system; choose another property name")
    return fit(user_data, limit)
