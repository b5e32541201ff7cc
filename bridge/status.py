"""`bridge status`: whether all is well, and how each service stands."""

import json
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from bridge.condition import Condition, Gate, look
from bridge.moments import Clock, span
from bridge.session import session
from bridge.sheet import columns

_STYLES: Final = {Gate.OPEN: "green", Gate.PROBING: "yellow", Gate.HELD: "yellow", Gate.PAUSED: "red"}
#: What the doors count, in the order in which it is shown.
_COUNTERS: Final = ("refused", "ignored", "unreadable")


async def status(service: str = "") -> tuple[Condition, ...]:
    """Return how one service stands, or each. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        names = [service] if service else sorted(bridge.partitions)
        return tuple([await look(bridge, name) for name in names])


def all_is_well(conditions: Sequence[Condition], clock: Clock) -> bool:
    """Say whether nothing needs a person."""
    return not any(True for each in conditions for _ in each.needs(clock))


def as_json(conditions: Sequence[Condition], clock: Clock) -> str:
    """Return it all as one line of JSON."""
    fields = {"ok": all_is_well(conditions, clock), "services": [_fields(each, clock) for each in conditions]}
    return json.dumps(fields)


def print_status(conditions: Sequence[Condition], console: Console, clock: Clock) -> None:
    """Write the verdict, what needs a person, and the figures."""
    needs = [f"{each.service} {need}" for each in conditions for need in each.needs(clock)]
    if needs:
        things = "1 thing needs" if len(needs) == 1 else f"{len(needs)} things need"
        console.print(Text(f"{things} a person", style="bold red"))
        for need in needs:
            console.print(Text(f"  {need}"))
    else:
        console.print(Text("all is well", style="bold green"))
    console.print()
    _print_services(conditions, console, clock)
    if any(each.counters for each in conditions):
        console.print()
        _print_counters(conditions, console)


def _print_services(conditions: Sequence[Condition], console: Console, clock: Clock) -> None:
    table = columns("service", "due", "lanes", "oldest", "dead", "gate", fixed=("due", "lanes", "dead"))
    for each in conditions:
        gate = Text(each.standing(clock), style=_STYLES[each.gate])
        oldest = span(each.late) if each.due else ""
        table.add_row(each.service, str(each.due), str(each.lanes), oldest, str(each.dead), gate)
    console.print(table)


def _print_counters(conditions: Sequence[Condition], console: Console) -> None:
    table = columns("service", "channel", *_COUNTERS, fixed=_COUNTERS)
    for each in conditions:
        for channel, counts in each.counters.items():
            table.add_row(each.service, channel, *(str(counts.get(name, 0)) for name in _COUNTERS))
    console.print(table)


def _fields(each: Condition, clock: Clock) -> dict[str, Any]:
    return {
        "service": each.service,
        "gate": each.gate,
        "because": each.because,
        "until": each.until.isoformat() if each.until else None,
        "due": each.due,
        "lanes": each.lanes,
        "late_s": int(each.late.total_seconds()),
        "dead": each.dead,
        "counters": each.counters,
        "needs": list(each.needs(clock)),
    }
