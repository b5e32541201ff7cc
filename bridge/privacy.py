"""`bridge privacy`: what is kept of a conversation or of a person, told, or taken out of the store.

A person is looked for by an address in what waits, in dead letters and in whole messages; a conversation of
which anything names the address is meant whole, with its mails that do not. What an ended conversation said
is not here any more: commands leave the store when they took effect.
"""

import base64
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from bridge.kept_mails import Archive, Conversation, together
from bridge.mentions import Finder, finder
from bridge.operator import operator
from bridge.show import NeverHeardOf
from console.actions import Actions
from console.people import Role
from worker import clues
from worker.blob import BlobHead
from worker.deadletters import Filter, Letter
from worker.errors import BridgeError
from worker.lanes import Entry, LaneView
from worker.letters import Unreadable
from worker.wiring import Bridge

#: What stands for a person in the audit log.
_A_PERSON: Final = "a person, by address"
_REASON: Final = "erased on request"
#: Letters that are looked at together; the store holds far fewer.
_LETTERS: Final = 1_000_000


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
    def conversation_ids(self) -> tuple[str, ...]:
        """The conversations that are meant, each as its service and its external id."""
        rows = [(each.interaction.service, each.interaction.external_id) for each in self.conversations]
        rows += [(letter.head.service, letter.head.external_id) for letter, _ in self.letters]
        return tuple(sorted({" ".join(row) for row in rows if row[1]}))

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
    """Return what is kept of one conversation. Raises NeverHeardOf, StoreUnavailable or BlobsUnavailable."""
    view = await bridge.store.view(service, external_id)
    letters = [each async for each in _letters(bridge, service, Filter(external_id=external_id))]
    if view is None and not letters:
        raise NeverHeardOf(
            f"service {service!r} has nothing of {external_id!r}, so there is nothing to erase"
        )
    _, blobs = await _mails(bridge, _nobody, frozenset({(service, external_id)}))
    return Kept((view,) if view else (), tuple(letters), blobs)


async def of_address(bridge: Bridge, address: str) -> Kept:
    """Return what is kept that mentions an address, with the whole of each conversation that does.

    Raises StoreUnavailable or BlobsUnavailable.
    """
    mentions, clue = finder(address), clues.of_sender(address)
    meant: set[Conversation] = set()
    letters: dict[str, tuple[Letter, tuple[Entry, ...]]] = {}
    for service in bridge.partitions:
        found = [each async for each in _letters(bridge, service, Filter()) if mentions(_texts(*each))]
        letters.update((each[0].id, each) for each in found)
        meant.update((service, each[0].head.external_id) for each in found)
        meant.update((service, lane) for lane in await bridge.store.led_to(service, clue))
        for lane in await bridge.store.waiting_lanes(service):
            view = await bridge.store.view(service, lane)
            if view and mentions(json.dumps(_lane(view), ensure_ascii=False).encode()):
                meant.add((service, lane))
    placed, blobs = await _mails(bridge, mentions, frozenset(each for each in meant if each[1]))
    lanes = []
    for service, lane in sorted(each for each in meant | placed if each[1]):
        if view := await bridge.store.view(service, lane):
            lanes.append(view)
            also = [each async for each in _letters(bridge, service, Filter(external_id=lane))]
            letters.update((each[0].id, each) for each in also)
    return Kept(tuple(lanes), tuple(letters.values()), blobs, clue)


def _nobody(_: bytes) -> bool:
    """Find nobody named: a conversation is looked for, and no person."""
    return False


async def _mails(
    bridge: Bridge, mentions: Finder, wanted: frozenset[Conversation]
) -> tuple[set[Conversation], tuple[tuple[BlobHead, bytes], ...]]:
    """Return the mails that are meant, whole, and the conversations that they may belong to."""
    archive = Archive(bridge)
    found = together(await archive.read(mentions), wanted)
    whole = [(each.head, await archive.content(each.head.name)) for each in found]
    placed = {conversation for each in found for conversation in each.conversations}
    return placed, tuple((head, content) for head, content in whole if content is not None)


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


def _texts(letter: Letter, history: Iterable[Entry]) -> bytes:
    """Return all that a letter holds, its bytes as they came."""
    texts = [letter.model_dump_json(), *(each.model_dump_json() for each in history)]
    body = letter.body if isinstance(letter, Unreadable) else b""
    return b"\n".join([*(each.encode() for each in texts), body])
