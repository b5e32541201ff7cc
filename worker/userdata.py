"""User data: nothing is sent that the API would refuse. Pure."""

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from worker.budget import fit
from worker.commands import Command, Create, Notify, Stop, Update, guard_of
from worker.errors import UserDataRefused
from worker.properties import is_reserved, is_system


def within_rules(command: Command, *, limit: int) -> Command:
    """Return the command with its user data cut to `limit` bytes. Raises UserDataRefused.

    An update's changed and added properties share the budget; what the interaction holds besides is unknown.
    """
    match command:
        case Create():
            user_data = _within(command.user_data, limit, is_reserved)
            return (
                command
                if user_data == command.user_data
                else command.model_copy(update={"user_data": user_data})
            )
        case Update():
            # what a sweep marks is the bridge's own
            taken = is_system if guard_of(command) else is_reserved
            both = _within({**command.changed, **command.added}, limit, taken)
            changed = {name: both[name] for name in command.changed}
            added = {name: both[name] for name in command.added}
            if (changed, added) == (command.changed, command.added):
                return command
            return command.model_copy(update={"changed": changed, "added": added})
        case Stop() | Notify():
            return command


def _within(
    user_data: Mapping[str, JsonValue], limit: int, taken: Callable[[str], bool]
) -> dict[str, JsonValue]:
    for name in user_data:
        if taken(name):
            raise UserDataRefused(f"{name!r} is reserved for the system; choose another property name")
    return fit(user_data, limit)
