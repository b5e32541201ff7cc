"""Rounds over many letters."""

import asyncio
import io
import signal

from rich.console import Console

from bridge.round import print_happened, report, watched
from bridge.screen import Screen
from console.round import Fate, Happened, Round, go
from worker.errors import StoreUnavailable
from worker.letters import LetterHead, Unreadable
from worker.wiring import utc_now


def letter(number: int) -> LetterHead:
    """Return some letter."""
    return Unreadable(
        id=f"{number:032}", service="support", channel="mail", reason="?", arrived_at=utc_now(), body=b""
    ).head


LETTERS = [letter(number) for number in range(3)]


async def always() -> bool:
    """Wait for nothing and go on."""
    return True


def reported(done: Round) -> list[str]:
    """Return what a person reads of it."""
    console = Console(file=io.StringIO(), width=200)
    report(done, console, past="replayed")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_every_letter_has_its_turn() -> None:
    """In their order; the report counts what became of them and says what stays, and why."""
    fates = iter(
        [
            Happened(LETTERS[0], Fate.DONE),
            Happened(LETTERS[1], Fate.GONE),
            Happened(LETTERS[2], Fate.KEPT, "still \x1b unreadable"),
        ]
    )
    steps: list[int] = []

    async def act(each: LetterHead) -> Happened:
        happened = next(fates)
        assert happened.letter is each
        return happened

    done = asyncio.run(go(LETTERS, act, proceed=always, advance=lambda: steps.append(1)))
    assert len(steps) == 3
    assert not done.complete
    assert reported(done) == [
        "replayed 1 of 3; gone already: 1; still dead letters: 1",
        "  000000000000  still \\x1b unreadable",
    ]


def test_what_breaks_ends_the_round_and_keeps_the_count() -> None:
    """The store went away after the first: that one is done, and the error is there to be told."""

    async def act(each: LetterHead) -> Happened:
        if each is LETTERS[1]:
            raise StoreUnavailable("gone")
        return Happened(each, Fate.DONE)

    done = asyncio.run(go(LETTERS, act, proceed=always, advance=lambda: None))
    assert isinstance(done.broken, StoreUnavailable)
    assert reported(done) == ["replayed 1 of 3; stopped before the other 2; again does the rest"]


def test_ctrl_c_stops_between_two_letters() -> None:
    """The one under way is finished, and nobody waits for the next one's turn."""

    async def act(each: LetterHead) -> Happened:
        signal.raise_signal(signal.SIGINT)
        return Happened(each, Fate.DONE)

    async def body() -> Round:
        # at this rate the second letter's turn would come after the test has timed out
        async with watched(Screen(), doing="replaying", total=3, rate=0.001) as (proceed, advance):
            return await go(LETTERS, act, proceed=proceed, advance=advance)

    done = asyncio.run(body())
    assert (len(done.happened), done.broken, done.complete) == (1, None, False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_bar_is_for_terminals_only() -> None:
    """There it shows, elsewhere standard error stays silent."""
    screen = Screen()
    screen.err = Console(file=io.StringIO(), force_terminal=True, width=80)

    async def act(each: LetterHead) -> Happened:
        return Happened(each, Fate.DONE)

    async def body() -> Round:
        async with watched(screen, doing="replaying", total=3, rate=1e6) as (proceed, advance):
            return await go(LETTERS, act, proceed=proceed, advance=advance)

    assert asyncio.run(body()).complete
    assert isinstance(screen.err.file, io.StringIO)
    assert "replaying" in screen.err.file.getvalue()


def test_a_long_list_is_cut() -> None:
    """Twenty lines are enough to see what is wrong."""
    console = Console(file=io.StringIO(), width=200)
    print_happened([Happened(LETTERS[0], Fate.KEPT, "x")] * 25, console)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert (len(lines), lines[-1]) == (21, "  … and 5 more")
