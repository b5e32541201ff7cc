"""`bridge show`: what is known of one conversation, for a person to read."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue, TypeAdapter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.places import attach
from worker.app import app
from worker.errors import BridgeError, UnknownService
from worker.interactions import Interaction
from worker.lanes import LaneView
from worker.telemetry import logs
from worker.wiring import Bridge, read_configuration

_VIEWS: Final[TypeAdapter[LaneView]] = TypeAdapter(LaneView)
_STYLES: Final = {"applied": "green", "deferred": "yellow", "buried": "red"}


class NeverHeardOf(BridgeError):
    """Nothing is known of a conversation."""


def look_up(service: str, external_id: str) -> LaneView:
    """Return what is known. Raises NeverHeardOf, or why it cannot be looked up. For entry points only."""
    view = asyncio.run(_view(service, external_id))
    if view is None:
        raise NeverHeardOf(
            f"service {service!r} has never heard of {external_id!r}: the external id stands in the receipt "
            "of each accepted command, and ended conversations are forgotten after ended_retention_s"
        )
    return view


def as_json(view: LaneView) -> str:
    """Return it all as one line of JSON."""
    return _VIEWS.dump_json(view).decode()


def print_view(view: LaneView, console: Console, *, utc: bool = False) -> None:
    """Write it for a person: where it stands, what waits, what happened."""

    def clock(moment: datetime | None) -> str:
        return (
            "" if moment is None else moment.astimezone(UTC if utc else None).strftime("%Y-%m-%d %H:%M:%S %Z")
        )

    console.print(_facts([*_ledger(view.interaction, clock), *_lane(view, clock)]))
    if view.history:
        console.print()
        console.print(_history(view, clock))


async def _view(service: str, external_id: str) -> LaneView | None:
    attach()
    settings, secrets = read_configuration()
    logs.configure(settings.log_format, "warning")
    bridge = Bridge(settings, secrets, app, logs.listener())
    try:
        if service not in bridge.partitions:
            known = ", ".join(sorted(bridge.partitions)) or "none"
            raise UnknownService(f"no service {service!r} is configured; there is: {known}")
        return await bridge.store.view(service, external_id)
    finally:
        await bridge.aclose()


def _ledger(row: Interaction, clock: Callable[[datetime | None], str]) -> Iterator[tuple[str, str]]:
    yield "service", row.service
    yield "external id", row.external_id
    yield "state", row.state + (f" (by {row.ended_by})" if row.ended_by else "")
    yield "interaction id", row.interaction_id or ""
    yield "channel", row.channel or ""
    if row.generation > 1:
        yield "generation", f"{row.generation}, at the API as {row.remote_id}"
    yield "opened", clock(row.opened_at)
    yield "last activity", clock(row.last_activity_at)
    yield "ended", clock(row.ended_at)


def _lane(view: LaneView, clock: Callable[[datetime | None], str]) -> Iterator[tuple[str, str]]:
    if not view.pending:
        yield "waiting", "nothing"
        return
    kinds = [
        f"{each.sequence} {each.command.kind if each.command else 'unreadable'}" for each in view.pending
    ]
    yield "waiting", ", ".join(kinds)
    if view.parked:
        yield "parked", "yes: its create is a dead letter, a person must decide"
    yield "due", clock(view.due)
    yield "attempts", str(view.attempt)


def _facts(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    return table


def _history(view: LaneView, clock: Callable[[datetime | None], str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("when", "command", "what", "details"):
        table.add_column(name, overflow="fold")
    for entry in view.history:
        what = Text(entry.event, style=_STYLES.get(entry.event, ""))
        table.add_row(clock(entry.at), str(entry.sequence), what, Text(_details(entry.detail)))
    return table


def _details(detail: Mapping[str, JsonValue]) -> str:
    def shown(value: Any) -> str:  # noqa: ANN401 - JSON
        return value if isinstance(value, str) else str(value)

    return ", ".join(f"{name}: {shown(value)}" for name, value in detail.items() if value not in (None, ""))
