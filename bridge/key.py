"""`bridge show --key`: whether an idempotency key was seen, and what was said under it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from bridge.moments import Clock
from bridge.session import session
from bridge.sheet import facts
from worker.interactions import State
from worker.lanes import Seen

_SEEN: Final[TypeAdapter[Seen | None]] = TypeAdapter(Seen | None)


@dataclass(frozen=True, slots=True)
class Told:
    """What is remembered of a key."""

    key: str
    #: The conversation in which it was looked for.
    external_id: str
    #: None when nothing is; it may belong to another conversation.
    seen: Seen | None
    #: Whether the conversation is open: then it remembers its keys beyond their window.
    is_open: bool
    #: When this was looked up.
    at: datetime


async def look_up(service: str, external_id: str, key: str) -> Told:
    """Return what is remembered of a key. For entry points only. Raises BridgeError."""
    async with session(service) as bridge:
        seen = await bridge.store.seen(service, external_id, key)
        view = await bridge.store.view(service, seen.receipt.external_id if seen else external_id)
        is_open = view is not None and view.interaction.state is State.OPEN
        return Told(key, external_id, seen, is_open, bridge.clock())


def as_json(told: Told) -> str:
    """Return what was said as one line of JSON, `null` for a key that was not seen."""
    return _SEEN.dump_json(told.seen).decode()


def print_key(told: Told, console: Console, clock: Clock) -> None:
    """Write it for a person."""
    seen = told.seen
    if seen is None:
        sentence = (
            f"{told.key} was not seen in this conversation, or is forgotten: it would be accepted as new"
        )
        console.print(Text(sentence))
        return
    rows = [
        ("key", told.key),
        ("conversation", _whose(told.external_id, seen.receipt.external_id)),
        ("first receipt", seen.receipt.id),
        ("command", str(seen.receipt.sequence)),
        ("fingerprint", seen.fingerprint),
        ("accepted", clock(seen.receipt.accepted_at)),
        ("remembered", _until(told, seen, clock)),
    ]
    console.print(facts(rows))


def _whose(asked: str, said: str) -> str:
    return said if said == asked else f"{said}, and not {asked}: there the key would be a conflict"


def _until(told: Told, seen: Seen, clock: Clock) -> str:
    end = clock(seen.expires_at)
    if told.at < seen.expires_at:
        return f"until {end}, and for as long as the conversation is open"
    if told.is_open:
        return f"for as long as the conversation is open; its window ended {end}"
    return f"no longer, since {end}: it would be accepted as new"
