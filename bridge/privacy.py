"""`bridge privacy`: what is kept of a conversation or of a person, told, or taken out of the store.

A person is looked for by an address in what waits, in dead letters and in whole messages. What an ended
conversation said is not here any more: commands leave the store when they took effect.
"""

import base64
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from bridge.operator import operator
from bridge.show import NeverHeardOf
from console.actions import Actions
from console.people import Role
from worker import clues
from worker.blob import BlobHead, BlobName
from worker.deadletters import Filter, Letter
from worker.errors import BridgeError
from worker.lanes import Entry, LaneView
from worker.letters import Unreadable
from worker.wiring import Bridge

#: What stands for a person in the audit log.
_A_PERSON: Final = "a person, by address"
_REASON: Final = "erased on request"
#: Letters and whole messages that are looked at together; the store holds far fewer letters.
_LETTERS: Final = 1_000_000
_BLOBS_AT_ONCE: Final = 100


class StillWaiting(BridgeError):
    """Commands wait in a conversation that is to be erased."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store and the blobs hold."""

    conversations: tuple[LaneView, ...] = ()
    letters: tuple[tuple[Letter, tuple[Entry, ...]], ...] = ()
    blobs: tuple[tuple[BlobHead, bytes], ...] = ()
    #: What leads to the conversations of a sender; empty where one conversation is meant.
    clue: str = ""

    @property
    def waiting(self) -> tuple[str, ...]:
        """The conversations in which commands wait."""
        return tuple(each.interaction.external_id for each in self.conversations if each.pending)

    @property
    def name(self) -> str:
        """What it is of, for the audit log: a conversation by its ids, a person by nothing."""
        if self.clue:
            return _A_PERSON
        rows = [(each.interaction.service, each.interaction.external_id) for each in self.conversations]
        rows += [(letter.head.service, letter.head.external_id) for letter, _ in self.letters]
        return " ".join(rows[0])

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON; whole messages in base64."""
        return {
            "conversations": [_lane(each) for each in self.conversations],
            "dead_letters": [
                {
                    **letter.model_dump(mode="json"),
                    "history": [each.model_dump(mode="json") for each in history],
                }
                for letter, history in self.letters
            ],
            "messages": [
                {
                    "name": str(head.name),
                    "stored_at": head.stored_at.isoformat(),
                    "content": base64.b64encode(content).decode(),
                }
                for head, content in self.blobs
            ],
        }


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out."""

    letters: int
    history_lines: int
    messages: int
    #: Conversations in which commands wait; these stay until they took effect.
    waiting: tuple[str, ...]


def _lane(view: LaneView) -> dict[str, Any]:
    waiting = [each.command.model_dump(mode="json") for each in view.pending if each.command]
    return {
        "ledger": view.interaction.model_dump(mode="json"),
        "waiting": waiting,
        "history": [each.model_dump(mode="json") for each in view.history],
    }


async def of_conversation(bridge: Bridge, service: str, external_id: str) -> Kept:
    """Return what is kept of one conversation. Raises NeverHeardOf or StoreUnavailable."""
    view = await bridge.store.view(service, external_id)
    letters = [each async for each in _letters(bridge, service, Filter(external_id=external_id))]
    if view is None and not letters:
        raise NeverHeardOf(
            f"service {service!r} has nothing of {external_id!r}, so there is nothing to erase"
        )
    return Kept((view,) if view else (), tuple(letters), ())


async def of_address(bridge: Bridge, address: str) -> Kept:
    """Return what is kept that mentions an address. Raises StoreUnavailable or BlobsUnavailable."""
    mentions = _finder(address)
    letters: list[tuple[Letter, tuple[Entry, ...]]] = []
    lanes: dict[tuple[str, str], LaneView] = {}
    for service in bridge.partitions:
        found = [each async for each in _letters(bridge, service, Filter()) if mentions(_texts(*each))]
        letters += found
        named = {letter.head.external_id for letter, _ in found} - {""}
        named.update(await bridge.store.led_to(service, clues.of_sender(address)))
        for lane in {*await bridge.store.waiting_lanes(service), *named}:
            view = await bridge.store.view(service, lane)
            if view and (lane in named or mentions(repr(_lane(view)).encode())):
                lanes[service, lane] = view
    blobs = [each async for each in _messages(bridge) if mentions(each[1])]
    return Kept(tuple(lanes.values()), tuple(letters), tuple(blobs), clues.of_sender(address))


async def erase(bridge: Bridge, kept: Kept, *, force: bool) -> Erased:
    """Take out what was found. Raises StillWaiting, unless forced, or StoreUnavailable.

    What waits is never taken out: it was accepted. Repeating it does the rest of one that broke off.
    """
    if kept.waiting and not force:
        raise StillWaiting(
            f"commands wait in {', '.join(kept.waiting)}: let them take effect first, or say --force to "
            "erase the rest; what waits is delivered all the same"
        )
    doing = Actions(bridge).recorder.doing(operator(), "erase", kept.name, role=Role.ADMIN, detail=_REASON)
    async with doing:
        letters = [await bridge.dead_letters.discard(each.head, reason=_REASON) for each, _ in kept.letters]
        lines = 0
        for view in kept.conversations:
            lines += await _erase_history(bridge, view, force=force)
        if bridge.blobs is not None:
            for head, _ in kept.blobs:
                await bridge.blobs.delete(head.name)
        if kept.clue:
            for service in bridge.partitions:
                await bridge.store.forget_clue(service, kept.clue)
    return Erased(sum(letters), lines, len(kept.blobs), kept.waiting)


async def _erase_history(bridge: Bridge, view: LaneView, *, force: bool) -> int:
    row = view.interaction
    line = Entry(at=bridge.clock(), event="erased", sequence=view.accepted)
    erased = await bridge.store.erase_history(row.service, row.external_id, line, force=force)
    if erased is None:  # accepted since it was looked at
        raise StillWaiting(
            f"a command has just come for {row.external_id}: erase it again once it took effect"
        )
    return erased


async def _letters(
    bridge: Bridge, service: str, wanted: Filter
) -> AsyncIterator[tuple[Letter, tuple[Entry, ...]]]:
    for head in await bridge.dead_letters.find(service, replace(wanted), limit=_LETTERS):
        if found := await bridge.store.letter(service, head.id):
            yield found


async def _messages(bridge: Bridge) -> AsyncIterator[tuple[BlobHead, bytes]]:
    after: BlobName | None = None
    while bridge.blobs is not None:
        page = await bridge.blobs.page(after=after, limit=_BLOBS_AT_ONCE)
        for head in page:
            content = await bridge.blobs.get(head.name)
            if content is not None:
                yield head, content
        if len(page) < _BLOBS_AT_ONCE:
            return
        after = page[-1].name


def _texts(letter: Letter, history: Iterable[Entry]) -> bytes:
    """Return all that a letter holds, its bytes as they came."""
    texts = [letter.model_dump_json(), *(each.model_dump_json() for each in history)]
    body = letter.body if isinstance(letter, Unreadable) else b""
    return b"\n".join([*(each.encode() for each in texts), body])


def _finder(address: str) -> Callable[[bytes], bool]:
    """Return what says whether bytes mention an address: whole, in any case, also as it stands in a URL."""
    if "@" not in address.strip("@"):
        raise BridgeError(f"{address!r} is no address: write one as in jane@example.org")
    forms = {re.escape(each.encode()) for each in (address, quote(address, safe=""))}
    whole = re.compile(rb"(?<![\w.+-])(?:" + b"|".join(sorted(forms)) + rb")(?![\w-]|\.\w)", re.IGNORECASE)
    return lambda content: whole.search(content) is not None
