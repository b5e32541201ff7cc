"""`bridge show`: what is known of one conversation, for a person to read."""

from collections.abc import Iterator
from typing import Final

from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.history import print_history
from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import columns, facts
from console.shell import command
from worker.errors import BridgeError
from worker.interactions import Interaction
from worker.lanes import LaneView

_VIEWS: Final[TypeAdapter[LaneView]] = TypeAdapter(LaneView)


class NeverHeardOf(BridgeError):
    """Nothing is known of a conversation."""


async def look_up(service: str, external_id: str) -> LaneView:
    """Return what is known. Raises NeverHeardOf, or why it cannot be looked up. For entry points only."""
    async with session(service) as bridge:
        view = await bridge.store.view(service, external_id)
    if view is None:
        raise NeverHeardOf(
            f"service {service!r} has never heard of {external_id!r}: the external id stands in the receipt "
            "of each accepted command, and ended conversations are forgotten after ended_retention_s; "
            "or a newer bridge wrote what is known, which only a newer bridge can read"
        )
    return view


def as_json(view: LaneView) -> str:
    """Return it all as one line of JSON."""
    return _VIEWS.dump_json(view).decode()


def print_view(view: LaneView, console: Console, clock: Clock) -> None:
    """Write it for a person: where it stands, what waits, what happened."""
    console.print(facts([*_ledger(view.interaction, clock), *_lane(view, clock)]))
    if view.pending:
        console.print(Text("\nwaiting, oldest first", style="bold"))
        console.print(_waiting(view, clock))
    if view.history:
        console.print(Text("\nwhat happened", style="bold"))
        print_history(view.history, console, clock)


def _ledger(row: Interaction, clock: Clock) -> Iterator[tuple[str, str]]:
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


def _lane(view: LaneView, clock: Clock) -> Iterator[tuple[str, str]]:
    if view.parked:
        row = view.interaction
        look = command("dead", "list", row.service, "--each", "--external-id", row.external_id)
        yield "parked", f"yes: its create is a dead letter, a person must decide; see {look}"
    if not view.pending:
        yield "waiting", "nothing"
        return
    yield "waiting", str(len(view.pending))
    yield "due", clock(view.due)
    yield "attempts", str(view.attempt)


def _waiting(view: LaneView, clock: Clock) -> Table:
    table = columns("command", "kind", "accepted", "fingerprint", "key", fixed=("kind", "fingerprint"))
    for each in view.pending:
        asked = each.command
        known = (asked.kind, asked.fingerprint, asked.idempotency_key) if asked else None
        kind, fingerprint, key = known or ("written by a newer bridge", "", "")
        table.add_row(str(each.sequence), kind, clock(each.accepted_at), fingerprint, Text(key))
    return table
