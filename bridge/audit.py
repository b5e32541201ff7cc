"""`bridge audit`: the whole store, held against its own rules now."""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from bridge.progress import Reach
from bridge.session import session
from bridge.sheet import columns, plain
from worker.audit import audit as mend
from worker.events import Event
from worker.upkeep import Audit, Flaw, Stretch

#: What contradicts, and what mending does about it.
MEANINGS: Final[Mapping[Flaw, tuple[str, str]]] = {
    Flaw.FORGOTTEN: ("commands wait in a lane that is neither due nor parked", "it is due now"),
    Flaw.VACANT: ("a lane is due, but nothing waits in it", "it is due no longer"),
    Flaw.LOOSE: ("a parked lane is due", "it is due no longer"),
    Flaw.STRANDED: ("a lane is parked by a dead letter that is not there", "it goes on without it"),
    Flaw.UNINDEXED: ("an open interaction is missing in the activity index", "it counts as active now"),
    Flaw.LINGERING: ("the activity index has what is not open", "it has it no longer"),
    Flaw.IDLE: ("a lane counts as in flight, but nobody holds it", "it is counted no longer"),
    Flaw.ENDLESS: ("what is over has no end of its keeping", "it is kept for its retention"),
    Flaw.MORTAL: ("what is needed was going to be forgotten", "it is kept"),
    Flaw.UNLISTED: ("a dead letter is missing in the list of them", "it is listed"),
    Flaw.BLANK: ("the list names a dead letter that is not there", "it names it no longer"),
}


async def audit(*, dry: bool, reach: Reach) -> Audit:
    """Look at the whole store, and mend what contradicts unless it is `dry`.

    For entry points only. Raises BridgeError.
    """

    def watch(at: Stretch) -> None:
        reach(at.passed, at.total, f"{at.found:,} found")

    async with session() as bridge:
        store, clock = bridge.store, bridge.clock
        if dry:
            return await store.audit(limit=sys.maxsize, now=clock(), dry=True, watch=watch)
        return await mend(store, keys=sys.maxsize, clock=clock, listen=_unheard, anew=True, watch=watch)


def _unheard(_: Event) -> None:
    """Say nothing: the command says it all at the end."""


def as_json(report: Audit, *, dry: bool) -> str:
    """Return it as one line of JSON."""
    found = [
        {"service": service, "flaw": flaw.value, "count": len(names), "names": names[:100]}
        for (service, flaw), names in _groups(report).items()
    ]
    return json.dumps({"looked": report.looked, "dryRun": dry, "found": found})


def print_audit(report: Audit, out: Console, *, dry: bool) -> None:
    """Write how much was looked at, and what was found of each kind."""
    looked = f"{report.looked} looks at conversations and dead letters"
    if not report.mended:
        out.print(Text(f"{looked}: the store agrees with itself", style="bold green"))
        return
    out.print(Text(f"{looked}: {len(report.mended)} contradictions", style="bold red"))
    does = "mending would mean" if dry else "mended"
    table = columns("service", "flaw", "count", "what it is", does, "such as", fixed=("flaw", "count"))
    for (service, flaw), names in _groups(report).items():
        what, how = MEANINGS[flaw]
        table.add_row(service, flaw.value, str(len(names)), what, how, Text(plain(names[0])))
    out.print(table)
    if dry:
        out.print(Text("a dry run: nothing was changed"))


def _groups(report: Audit) -> dict[tuple[str, Flaw], list[str]]:
    groups = defaultdict[tuple[str, Flaw], list[str]](list)
    for each in report.mended:
        groups[each.partition.service, each.flaw].append(each.name)
    return dict(sorted(groups.items()))
