"""Finding: from what a person has in hand to the conversations that it belongs to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from worker import clues
from worker.interactions import Interaction, State
from worker.lanes import LaneView
from worker.wiring import Bridge

#: Conversations that are shown at once.
SHOWN: Final = 100
#: Conversations that are looked at for them.
LOOKED_AT: Final = 1000
_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which conversations are meant; what is not said does not matter."""

    service: str = ""
    #: `new`, `open`, `ended`, `waiting` or `parked`.
    state: str = ""
    channel: str = ""

    def fits(self, found: "Found") -> bool:
        """Say whether a conversation is meant."""
        states = {
            found.interaction.state.value,
            *(("waiting",) if found.waits else ()),
            *(("parked",) if found.parked else ()),
        }
        return (not self.state or self.state in states) and (
            not self.channel or self.channel == found.channel
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation, as far as a list shows it."""

    interaction: Interaction
    #: Commands that wait; at least so many.
    waits: int
    parked: bool
    channel: str
    #: When anything was heard of it last, None where only its row tells.
    at: datetime | None
    #: By what it was found: external id, interaction id, key, sender; empty in a list.
    by: str = ""


async def find(bridge: Bridge, services: Sequence[str], written: str) -> list[Found]:
    """Return the conversations that what was written leads to, by whichever way."""
    asked = [_ways(bridge, service, written) for service in services]
    ways = [way for found in await asyncio.gather(*asked) for way in found]
    views = await asyncio.gather(*(bridge.store.view(service, name, pending=1) for service, name, _ in ways))
    return [_found(view, by) for view, (_, _, by) in zip(views, ways, strict=True) if view is not None]


async def _ways(bridge: Bridge, service: str, written: str) -> list[tuple[str, str, str]]:
    """Return where each way leads: service, external id, and which way it was."""
    store = bridge.store
    seen, ids, senders = await asyncio.gather(
        store.key_seen(service, written),
        store.led_to(service, clues.of_interaction(written)),
        store.led_to(service, clues.of_sender(written)),
    )
    found = {(service, written): "external id"}
    if seen is not None:
        found.setdefault((service, seen.receipt.external_id), "key")
    for name in ids:
        found.setdefault((service, name), "interaction id")
    for name in senders[:SHOWN]:
        found.setdefault((service, name), "sender")
    return [(*place, by) for place, by in found.items()]


async def listed(bridge: Bridge, services: Sequence[str], wanted: Wanted) -> list[Found]:
    """Return the conversations that fit, those of which anything was heard last first."""
    found: list[Found] = []
    for service in services:
        async for each in _candidates(bridge, service, wanted):
            found += [one for one in each if wanted.fits(one)]
            if len(found) >= SHOWN:
                break
    return sorted(found, key=_heard, reverse=True)[:SHOWN]


async def _candidates(bridge: Bridge, service: str, wanted: Wanted) -> AsyncIterator[Iterable[Found]]:
    """Yield conversations of a service, a hundred at a time."""
    names = await _names(bridge, service, wanted)
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        views = await asyncio.gather(*(bridge.store.view(service, name, pending=1) for name in some))
        yield [_found(view) for view in views if view is not None]


async def _names(bridge: Bridge, service: str, wanted: Wanted) -> list[str]:
    store = bridge.store
    if wanted.state == "waiting":
        return [each.external_id for each in await store.waiting(service, limit=LOOKED_AT)]
    recent = await store.recent(service, limit=LOOKED_AT)
    if wanted.state == State.OPEN:
        still_open = await store.interactions(service, limit=LOOKED_AT)
        return list(dict.fromkeys([*recent, *(each.external_id for each in still_open)]))
    return list(recent)


def _found(view: LaneView, by: str = "") -> Found:
    row = view.interaction
    head = view.pending[0].command if view.pending else None
    heard = view.history[-1].at if view.history else None
    channel = row.channel or (head.channel if head else "") or _first_channel(view)
    return Found(row, len(view.pending), view.parked, channel, heard or row.last_activity_at, by)


def _first_channel(view: LaneView) -> str:
    return next((str(each.detail["channel"]) for each in view.history if each.detail.get("channel")), "")


def _heard(found: Found) -> float:
    return found.at.timestamp() if found.at else 0.0
