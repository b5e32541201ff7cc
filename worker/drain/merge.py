"""Merge: waiting updates of one lane as one call. Pure.

The last writer of a property wins, as it would have had the updates been sent one by one; so a backlog costs
fewer calls than live traffic. Never across a create or a stop.
"""

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from worker.commands import Command, Update, guard_of


def mergeable(commands: Sequence[Command | None]) -> tuple[Update, ...]:
    """Return the updates at the head that may go out as one call; none or one when merging has no use.

    They must agree on what to do when the interaction is missing or has ended, and each must say one thing
    about each property: what the API makes of a property named in two lists is its own affair. A sweep's goes
    alone, because it may come to nothing.
    """
    found: list[Update] = []
    for command in commands:
        if not isinstance(command, Update) or guard_of(command) or _contradicts_itself(command):
            break
        if found and (command.on_missing, command.on_ended) != (found[0].on_missing, found[0].on_ended):
            break
        found.append(command)
    return tuple(found)


def merge(updates: Sequence[Update]) -> Update:
    """Return one update with the effect of all, in order. The first one lends its time, trace and key."""
    changed: dict[str, JsonValue] = {}
    added: dict[str, JsonValue] = {}
    deleted: dict[str, None] = {}
    for update in updates:
        for values, ours, theirs in ((update.changed, changed, added), (update.added, added, changed)):
            for name, value in values.items():
                # A property stays in the list in which the batch first named it.
                (theirs if name in theirs else ours)[name] = value
                deleted.pop(name, None)
        _delete(update.deleted, (changed, added), deleted)
    return updates[0].model_copy(update={"changed": changed, "added": added, "deleted": tuple(deleted)})


def _delete(
    names: Iterable[str], lists: tuple[dict[str, JsonValue], dict[str, JsonValue]], deleted: dict[str, None]
) -> None:
    for name in names:
        for values in lists:
            values.pop(name, None)
        deleted[name] = None


def _contradicts_itself(update: Update) -> bool:
    named = [*update.changed, *update.added, *update.deleted]
    return len(named) != len(set(named))
