"""From a message's names to its conversation, and from a flood to its end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.base import Flood, Ignored, SetAside, Strand, Threaded
from connectors.placing import place
from worker.commands import Command, Stop
from worker.errors import StoreUnavailable

if TYPE_CHECKING:
    from tests.connectors.conftest import RecordingDoor, Settled

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def commands_of(key: str) -> Callable[[str], tuple[Command, ...]]:
    """Return what gives a command of a conversation."""

    def commands(conversation: str) -> tuple[Command, ...]:
        stop = Stop(
            service="support",
            external_id=conversation,
            idempotency_key=key,
            channel="mail",
            received_at=NOW,
        )
        return (stop,)

    return commands


def strand(*names: str) -> Strand:
    """Return a message that begins the conversation of its own name."""
    return Strand(names, "aa", f"of-{names[0]}", commands_of(f"mail:{names[0]}"))


def placed(settled: "Settled", threaded: Threaded, door: "RecordingDoor") -> list[str] | Ignored:
    """Return the conversations of what is placed."""
    found = asyncio.run(place(settled.connector, threaded, door))
    return found if isinstance(found, Ignored) else [each.external_id for each in found]


def test_names_lead_to_a_conversation(mailbox: "Settled", door: "RecordingDoor") -> None:
    """A message that is known by a name goes where that name went, each strand by itself."""
    assert placed(mailbox, Threaded((strand("a"),), DAY), door) == ["of-a"]
    assert placed(mailbox, Threaded((strand("b", "a"), strand("c")), DAY), door) == ["of-a", "of-c"]


def test_nothing_is_asked_to_foresee(mailbox: "Settled", door: "RecordingDoor") -> None:
    """What a trial shows is what would be if nothing were known."""
    placed(mailbox, Threaded((strand("a"),), DAY), door)
    foreseen = Threaded((strand("b", "a"),), DAY).foreseen
    assert [each.external_id for each in foreseen] == ["of-b"]


def test_beyond_the_limit_it_is_a_flood(mailbox: "Settled", door: "RecordingDoor") -> None:
    """The first ones are let in, the others let go or set aside; one that comes again fares as it did."""
    ignored = Ignored("too many")
    flood = Flood("ada", "m0", NOW, 2, timedelta(minutes=1), ignored)
    fates = [
        placed(mailbox, Threaded((strand(member),), DAY, replace(flood, member=member)), door)
        for member in ("m1", "m2", "m3", "m1", "m3")
    ]
    assert fates == [["of-m1"], ["of-m2"], ignored, ["of-m1"], ignored]
    with pytest.raises(SetAside, match="a war"):
        placed(mailbox, Threaded((strand("m4"),), DAY, replace(flood, member="m4", beyond="a war")), door)


def test_a_store_that_is_away_is_told(
    mailbox: "Settled", broken_door: Callable[[BaseException], "RecordingDoor"]
) -> None:
    """Nothing is placed by guessing."""
    with pytest.raises(StoreUnavailable):
        placed(mailbox, Threaded((strand("a"),), DAY), broken_door(StoreUnavailable("away")))
