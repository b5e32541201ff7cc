"""`bridge status`: whether all is well, and how each service stands."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import columns
from console.condition import RATES_OVER, Condition, Gate, look
from worker.pace import Counted
from worker.spans import span
from worker.wiring import Bridge

_STYLES: Final = {Gate.OPEN: "green", Gate.PROBING: "yellow", Gate.HELD: "yellow", Gate.PAUSED: "red"}
#: What the doors count, in the order in which it is shown.
_COUNTERS: Final = ("refused", "ignored", "unreadable")
_SAID: Final = {
    Counted.ACCEPTED: "accepted",
    Counted.DELIVERED: "delivered",
    Counted.FAILED: "failed tries",
    Counted.DEAD: "buried",
}
#: The smallest rate that is written as a number, and the one from which tenths say nothing.
_LEAST: Final = 0.1
_WHOLE_FROM: Final = 100


@dataclass(frozen=True, slots=True)
class Overview:
    """How all that was asked for stands."""

    services: tuple[Condition, ...]
    #: What is to be known of the store, each as a sentence: it was accepted, and could lose something.
    doubts: tuple[str, ...] = ()

    def all_is_well(self, clock: Clock) -> bool:
        """Say whether nothing needs a person."""
        return not any(True for each in self.services for _ in each.needs(clock))


async def status(service: str = "") -> Overview:
    """Return how one service stands, or each. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        return await overlook(bridge, service)


async def overlook(bridge: Bridge, service: str = "") -> Overview:
    """Return how one service stands now, or each. Raises StoreUnavailable."""
    names = [service] if service else sorted(bridge.partitions)
    doubts = (*await bridge.store.troubles(), *await bridge.store.weaknesses())
    return Overview(
        tuple([await look(bridge, name) for name in names]),
        tuple(f"the store {doubt}" for doubt in doubts),
    )


def as_json(overview: Overview, clock: Clock) -> str:
    """Return it all as one line of JSON."""
    fields = {
        "ok": overview.all_is_well(clock),
        "store": list(overview.doubts),
        "services": [_fields(each, clock) for each in overview.services],
    }
    return json.dumps(fields)


def print_status(overview: Overview, console: Console, clock: Clock) -> None:
    """Write the verdict, what needs a person, and the figures."""
    for part in parts(overview, clock):
        console.print(part)


def parts(overview: Overview, clock: Clock) -> Iterator[Text | Table]:
    """Yield the verdict, what needs a person, and the figures."""
    conditions = overview.services
    needs = [f"{each.service} {need}" for each in conditions for need in each.needs(clock)]
    if needs:
        things = "1 thing needs" if len(needs) == 1 else f"{len(needs)} things need"
        yield Text(f"{things} a person", style="bold red")
        yield from (Text(f"  {need}") for need in needs)
    else:
        yield Text("all is well", style="bold green")
    yield from (Text(f"  {doubt}", style="yellow") for doubt in overview.doubts)
    yield Text()
    yield _services(conditions, clock)
    yield Text()
    yield _rates(conditions)
    if any(each.counters for each in conditions):
        yield Text()
        yield _counters(conditions)


def _services(conditions: Sequence[Condition], clock: Clock) -> Table:
    figures = ("due", "lanes", "in flight", "dead")
    table = columns("service", "due", "oldest", "lanes", "in flight", "dead", "gate", fixed=figures)
    for each in conditions:
        gate = Text(each.standing(clock), style=_STYLES[each.gate])
        oldest = span(each.late) if each.due else ""
        row = (str(each.due), oldest, str(each.lanes), str(each.in_flight), str(each.dead))
        table.add_row(each.service, *row, gate)
    return table


def _rates(conditions: Sequence[Condition]) -> Table:
    """A row for each service and thing that is counted, a column for each stretch of time."""
    names = [f"{minutes} min" for minutes in RATES_OVER]
    table = columns("service", "a minute, over the last", *names, fixed=names)
    for each in conditions:
        for what, rates in each.rates.items():
            table.add_row(each.service, _SAID[what], *(_rate(rates[minutes]) for minutes in RATES_OVER))
    return table


def _rate(per_minute: float) -> str:
    """Return a rate in as many digits as say something; only nothing is 0."""
    if 0 < per_minute < _LEAST:
        return f"<{_LEAST}"
    return f"{per_minute:.1f}" if per_minute % 1 and per_minute < _WHOLE_FROM else f"{per_minute:.0f}"


def _counters(conditions: Sequence[Condition]) -> Table:
    table = columns("service", "channel", *_COUNTERS, fixed=_COUNTERS)
    for each in conditions:
        for channel, counts in each.counters.items():
            table.add_row(each.service, channel, *(str(counts.get(name, 0)) for name in _COUNTERS))
    return table


def _fields(each: Condition, clock: Clock) -> dict[str, Any]:
    return {
        "service": each.service,
        "gate": each.gate,
        "because": each.because,
        "until": each.until.isoformat() if each.until else None,
        "due": each.due,
        "lanes": each.lanes,
        "late_s": int(each.late.total_seconds()),
        "in_flight": each.in_flight,
        "dead": each.dead,
        "per_minute": {
            what: {str(minutes): round(rate, 3) for minutes, rate in rates.items()}
            for what, rates in each.rates.items()
        },
        "counters": each.counters,
        "channels_paused": dict(each.channels_paused),
        "channels_held": dict(each.channels_held),
        "sweeps_paused": each.sweeps_paused,
        "doubted_since": each.doubted_since.isoformat() if each.doubted_since else None,
        "needs": list(each.needs(clock)),
    }
