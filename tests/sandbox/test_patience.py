"""Waiting."""

import asyncio

from sandbox.patience import Patience


async def never() -> None:
    """Something that does not happen."""
    await asyncio.Event().wait()


async def at_once() -> None:
    """Something that has happened already."""


def test_a_pause_is_over_by_itself() -> None:
    """A pause ends when its time is up."""
    asyncio.run(Patience().pause(0.001))


def test_ending_releases_everybody() -> None:
    """Once patience has ended, nobody waits: neither for a time nor for an event."""

    async def wait() -> None:
        patience = Patience()
        async with asyncio.TaskGroup() as group:
            group.create_task(patience.pause(3600))
            group.create_task(patience.outlast(never()))
            patience.end()
        await patience.pause(3600)
        assert patience.ended

    assert not Patience().ended
    asyncio.run(wait())


def test_an_event_that_happens_is_enough() -> None:
    """Waiting for an event ends with the event."""
    asyncio.run(Patience().outlast(at_once()))
