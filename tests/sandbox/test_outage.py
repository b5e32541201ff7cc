"""Outages: when they begin, how long they last."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.app import create_app
from sandbox.moment import Clock
from sandbox.outage import Outage
from sandbox.patience import Patience

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class Turning(Patience):
    """Waits no time at all: whoever waits has the clock turned instead."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.waited: list[float] = []

    async def pause(self, seconds: float) -> None:
        """Turn the clock, after letting everybody else have a turn."""
        self.waited.append(seconds)
        await asyncio.sleep(0)
        self.clock.offset_s += seconds


class Told:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def refuse(self) -> None:
        """Remember it."""
        self.told.append("refuse")

    async def accept(self) -> None:
        """Remember it."""
        self.told.append("accept")


async def settle() -> None:
    """Let everything happen that waits for nothing."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_the_listener_is_closed_for_as_long_as_asked() -> None:
    """It refuses at once and accepts again when the time is up; the next outage is another one."""

    async def story() -> None:
        clock, told = Clock(lambda: NOW), Told()
        patience = Turning(clock)
        outage = Outage(clock, patience, told)
        for _ in range(2):
            outage.begin(5)
            assert outage.lasts
            await settle()
            assert not outage.lasts
        assert (told.told, patience.waited) == (["refuse", "accept"] * 2, [5, 5])

    asyncio.run(story())


def test_one_that_begins_meanwhile_makes_it_longer_only() -> None:
    """The later end counts, and the listener is closed once."""

    async def story() -> None:
        clock, told = Clock(lambda: NOW), Told()
        patience = Turning(clock)
        outage = Outage(clock, patience, told)
        outage.begin(5)
        outage.begin(2)
        await asyncio.sleep(0)  # it waits for the five seconds by now
        outage.begin(8)
        await settle()
        assert (told.told, patience.waited) == (["refuse", "accept"], [5, 3])

    asyncio.run(story())


def test_an_ending_sandbox_does_not_listen_again() -> None:
    """Once patience has ended, an outage is over without consequences."""

    async def story() -> None:
        told, patience = Told(), Patience()
        Outage(Clock(lambda: NOW), patience, told).begin(3600)
        await asyncio.sleep(0)
        patience.end()
        await settle()
        assert told.told == ["refuse"]

    asyncio.run(story())


def test_under_a_server_a_turned_clock_prolongs_nothing() -> None:
    """Begun while the API's clock is an hour ahead, and over in its time although that is turned back."""

    async def story() -> list[str]:
        told, patience = Told(), Turning(Clock(lambda: NOW))
        app = create_app(now=patience.clock, patience=patience, listener=told)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
            for path, body in (("clock", {"offset_s": 3600}), ("outage", {"for_s": 5})):
                await client.request("PUT" if path == "clock" else "POST", f"/sandbox/{path}", json=body)
            await client.put("/sandbox/clock", json={"offset_s": 0})
            await settle()
        return told.told

    assert asyncio.run(story()) == ["refuse", "accept"]


def test_without_a_listener_calls_are_refused() -> None:
    """An in-process client sees the exception, until the clock has come to the end."""
    clock = Clock(lambda: NOW)
    outage = Outage(clock, Patience())
    outage.check()
    outage.begin(5)
    with pytest.raises(ConnectionRefusedError):
        outage.check()
    clock.offset_s = 5
    outage.check()
