"""`bridge audit-log`: what people did, for a person to read."""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Final

from rich.console import Console
from rich.text import Text

from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import columns, plain
from worker.deeds import DONE, Deed

#: Deeds looked through for those that fit: all there can be.
_MOST: Final = 100_000


async def look_up(*, limit: int, person: str, action: str) -> tuple[Deed, ...]:
    """Return the last deeds that fit, newest first. For entry points only. Raises BridgeError."""
    async with session() as bridge:
        deeds = await bridge.store.deeds(limit=_MOST if person or action else limit)
    fitting = (each for each in deeds if person in ("", each.person) and action in ("", each.action))
    return tuple(islice(fitting, limit))


def as_json(deeds: Sequence[Deed]) -> str:
    """Return them as one line of JSON."""
    return json.dumps([each.model_dump(mode="json") for each in deeds])


def print_deeds(deeds: Sequence[Deed], console: Console, clock: Clock) -> None:
    """Write one row for each."""
    if not deeds:
        console.print("nothing of the kind was recorded")
        return
    table = columns("when", "who", "did", "to", "because or which", "came to", fixed=("when", "did"))
    for each in deeds:
        who = Text(f"{plain(each.person)} ({each.how})")
        style = "" if each.outcome == DONE else "yellow"
        came_to = Text(plain(each.outcome), style=style)
        what = (each.action, Text(plain(each.target)), Text(plain(each.detail)))
        table.add_row(clock(each.at), who, *what, came_to)
    console.print(table)
