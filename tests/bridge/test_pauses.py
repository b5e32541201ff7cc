"""A channel is shut and opened by hand, and every intake process hears of it."""

import asyncio
from typing import TYPE_CHECKING

import pytest
import structlog

from bridge import pauses
from bridge.pauses import PauseWatch
from console import actions
from worker.errors import StoreUnavailable
from worker.store.pauses import MemoryPauses
from worker.wiring import Bridge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.bridge.conftest import Operator
    from worker.commands import Create


def test_a_paused_channel_stands_until_it_is_resumed(operator: "Operator") -> None:
    """What is said tells what happens to its senders, and how to undo it."""
    told = " ".join(operator.reads("channel", "pause", "tickets", "--reason", " a flood "))
    assert told.startswith("tickets is paused: ")
    assert "`bridge channel resume tickets`" in told

    async def look(bridge: Bridge) -> "Mapping[str, str]":
        return await bridge.store.paused_channels()

    assert operator.does(look) == {"tickets": "a flood"}
    assert operator.reads("channel", "resume", "tickets") == [
        "tickets is open; it was paused because: a flood"
    ]
    assert operator.does(look) == {}
    assert operator.reads("channel", "resume", "tickets") == ["tickets is open; it was not paused"]


def test_a_pause_needs_a_reason_and_a_channel(operator: "Operator") -> None:
    """Neither is guessed."""
    assert "--reason is empty" in operator.refused("channel", "pause", "tickets", "--reason", " ")
    for command in (("pause", "nope", "--reason", "x"), ("resume", "nope")):
        assert operator.refused("channel", *command).startswith("no channel 'nope' is configured; there is: ")


def test_a_channel_that_was_removed_can_still_be_resumed(operator: "Operator") -> None:
    """Nothing that is paused stays so for ever."""

    async def pause(bridge: Bridge) -> None:
        await bridge.store.pause_channel("removed", reason="old")

    operator.does(pause)
    assert operator.reads("channel", "resume", "removed") == ["removed is open; it was paused because: old"]


class Shaky(MemoryPauses):
    """Is away when it is told to be."""

    is_away = False

    async def paused_channels(self) -> "Mapping[str, str]":
        """See `worker.ports.Pauses.paused_channels`."""
        if self.is_away:
            raise StoreUnavailable("away")
        return await super().paused_channels()


def test_a_process_learns_of_pauses_and_keeps_them_while_the_store_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From its start, and from then on; each change is one log line."""
    monkeypatch.setattr(pauses, "LOOK_EVERY_S", 0)
    store = Shaky()

    async def main() -> None:
        await store.pause_channel("tickets", reason="a flood")
        watch = PauseWatch(store)
        async with watch.watching():
            assert watch.is_paused("tickets")
            assert not watch.is_paused("mail")
            store.is_away = True
            await store.resume_channel("tickets")
            await turns()
            assert watch.is_paused("tickets")
            store.is_away = False
            await turns()
            assert not watch.is_paused("tickets")

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    assert [(line["event"], line["channel"]) for line in logs] == [
        ("channel_paused", "tickets"),
        ("channel_resumed", "tickets"),
    ]


async def turns() -> None:
    """Let the watch look a few times."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_held_channel_is_let_go_and_its_lanes_are_due(
    operator: "Operator", a_create: "Callable[..., Create]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waited is rung for at once; until then it stands where anybody looks first."""
    monkeypatch.setattr(actions, "HEARD_AFTER_S", 0)
    told = " ".join(operator.reads("channel", "pause", "tickets", "--hold", "--reason", "a new mapping"))
    assert told.startswith("tickets is held: what it brings is accepted")
    assert "has what comes by tickets held because: a new mapping" in operator.reads("status", code=1)[1]
    operator.defers(a_create())
    assert operator.reads("channel", "resume", "tickets") == [
        "tickets is open; it was held because: a new mapping"
    ]
    assert len(operator.rung) == 2, "both partitions"
    assert operator.reads("status")[4].startswith("support 1 ")


def test_a_client_is_held_and_not_paused(operator: "Operator", tmp_path: "Path") -> None:
    """Its requests go on being answered, so only its deliveries can wait."""
    config = tmp_path / "bridge.toml"
    config.write_text(config.read_text() + '[clients.shop]\nkeys = ["file:key"]\nservices = ["sales"]\n')
    operator.reads("channel", "pause", "api.shop", "--hold", "--reason", "x")
    assert "sales has what comes by api.shop held" in operator.reads("status", code=1)[1]
    assert "no channel 'api.shop'" in operator.refused("channel", "pause", "api.shop", "--reason", "x")
