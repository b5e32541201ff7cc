"""`bridge mail ignored`: what a channel let go lately, so that nothing is dropped in silence."""

import json
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import columns, plain
from console.actions import UnknownChannel
from worker.notes import Note


async def ignored(channel: str, *, limit: int) -> tuple[Note, ...]:
    """Return what a channel let go, newest first. For entry points only. Raises BridgeError."""
    async with session() as bridge:
        settings = bridge.settings.channels.get(channel)
        if settings is None:
            known = ", ".join(sorted(bridge.settings.channels)) or "none"
            raise UnknownChannel(f"no channel {channel!r} is configured; there is: {known}")
        return await bridge.store.notes(settings.service, channel, limit=limit)


def as_json(notes: Sequence[Note]) -> str:
    """Return the notes as one line of JSON."""
    return json.dumps([note.model_dump(mode="json") for note in notes])


def print_ignored(notes: Sequence[Note], channel: str, console: Console, clock: Clock) -> None:
    """Write a line for each note, and how many there are of each sort."""
    if not notes:
        console.print(Text(f"{channel} let nothing go lately"))
        return
    table = columns("arrived", "sort", "from", "id", "why", fixed=("arrived", "sort"))
    for note in notes:
        told = (clock(note.arrived_at), note.sort, note.domain, note.id, note.reason.partition(": ")[2])
        table.add_row(*(Text(plain(each)) for each in told))
    console.print(table)
    sorts = Counter(note.sort for note in notes)
    console.print(Text(", ".join(f"{count} {sort}" for sort, count in sorts.most_common())))
