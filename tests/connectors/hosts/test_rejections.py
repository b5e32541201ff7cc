"""What is turned away is counted each time, and logged once a second."""

import asyncio
from collections.abc import Awaitable

import structlog

from connectors.hosts import rejections
from connectors.hosts.rejections import BUSY, RATE_LIMITED, UNKNOWN_CHANNEL, Kind, Rejected, Rejections
from tests.connectors.conftest import RecordingDoor


def test_kinds_have_names_of_their_own() -> None:
    """A counter means one thing."""
    kinds = [each for each in vars(rejections).values() if isinstance(each, Kind)]
    assert len({kind.name for kind in kinds}) == len(kinds) > 8


def test_a_header_of_its_own_wins_over_the_usual_one() -> None:
    """One Retry-After, not two."""
    assert Rejected(BUSY).answer().headers == (("Retry-After", "5"),)
    assert Rejected(BUSY, ("Retry-After", "9")).answer().headers == (("Retry-After", "9"),)
    assert Rejected(RATE_LIMITED, ("Retry-After", "1")).answer().status == 429


def noted(*notes: tuple[float, dict[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, int]]]:
    """Note at given times; return the counters, and of each line the channel and how many it stands for."""
    door, at = RecordingDoor(), [0.0]
    told = Rejections(door, lambda: at[0])

    async def main() -> None:
        for moment, about in notes:
            at[0] = moment
            await told.note(UNKNOWN_CHANNEL, **about)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(main())
    return door.counters, [(line["channel"], line["times"]) for line in logs]


def test_a_flood_is_one_line_a_second() -> None:
    """The next line says how many were not mentioned; another channel has lines of its own."""
    about = {"service": "support", "channel": "tickets"}
    counters, lines = noted((0, about), (0.1, about), (0.9, about), (0.9, {"sought": "x"}), (1.1, about))
    assert lines == [("tickets", 1), ("x", 1), ("tickets", 3)]
    assert counters.count(("support", "tickets:unknown_channel")) == 4
    assert counters.count(("", "http:unknown_channel")) == 1


def test_a_strangers_word_is_short_and_harmless_in_the_log() -> None:
    """No control characters, no more than 64 characters of it."""
    _, lines = noted((0, {"sought": "a\r\n\x1b[31m" + "é" * 500}))
    assert lines[0][0].startswith(r"a\r\n\x1b[31m\xe9")
    assert lines[0][0].isascii()
    assert lines[0][0].count(r"\xe9") == 64 - len("a\r\n\x1b[31m")


def test_it_is_noted_from_where_nothing_can_be_awaited() -> None:
    """A moment later it is counted."""
    door = RecordingDoor()

    async def main() -> None:
        Rejections(door, lambda: 0.0).note_soon(BUSY)
        await _turn()

    asyncio.run(main())
    assert door.counters == [("", "http:busy")]


def _turn() -> Awaitable[None]:
    return asyncio.sleep(0)
