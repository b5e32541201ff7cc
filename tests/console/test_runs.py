"""Long work that goes on by itself."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from console.people import LOCAL
from console.round import Advance, Fate, Happened, Proceed, Round, go
from console.runs import NoSuchRun, Run, Runs, State
from worker.errors import StoreUnavailable
from worker.letters import LetterHead, Unreadable
from worker.wiring import new_id, utc_now

LETTERS = [
    Unreadable(
        id=f"{n:032}", service="support", channel="mail", reason="?", arrived_at=utc_now(), body=b""
    ).head
    for n in range(3)
]


def begin(runs: Runs, act: Callable[[LetterHead], Awaitable[Happened]], *, rate: float = 1e6) -> Run:
    """Start a run over three letters."""

    async def work(proceed: Proceed, advance: Advance) -> Round:
        return await go(LETTERS, act, proceed=proceed, advance=advance)

    return runs.start(work, by=LOCAL, action="replay", service="support", total=3, rate=rate)


async def ended(run: Run) -> Run:
    """Wait for the end of a run."""
    await run.wait()
    return run


def test_a_run_is_watched_from_its_beginning_to_its_end() -> None:
    """How many letters had their turn, and what became of them."""

    async def main() -> None:
        runs, turn = Runs(clock=utc_now, ids=new_id), asyncio.Semaphore(0)
        begun = asyncio.Semaphore(0)

        async def act(head: LetterHead) -> Happened:
            begun.release()
            await turn.acquire()
            return Happened(head, Fate.DONE)

        run = begin(runs, act)
        assert runs.find(run.id) is run
        assert (run.state, run.done, run.total, run.ended_at) == (State.RUNNING, 0, 3, None)
        await begun.acquire()
        turn.release()
        await begun.acquire()  # the second one
        assert (run.state, run.done) == (State.RUNNING, 1)
        turn.release()
        turn.release()
        await ended(run)
        assert (run.state, run.done, run.error) == (State.DONE, 3, "")
        assert run.round is not None
        assert run.round.complete

    asyncio.run(main())


def test_a_run_is_cancelled_between_two_letters() -> None:
    """The one under way is finished; at the end of the process all are stopped like this."""

    async def main() -> None:
        runs = Runs(clock=utc_now, ids=new_id)

        async def act(head: LetterHead) -> Happened:
            runs.all()[0].cancel()
            return Happened(head, Fate.DONE)

        # at this rate the second letter's turn would come after the test has timed out
        run = await ended(begin(runs, act, rate=0.001))
        assert (run.state, run.done) == (State.CANCELLED, 1)
        other = begin(runs, act, rate=0.001)
        await runs.aclose()
        assert other.state is State.CANCELLED

    asyncio.run(main())


@pytest.mark.parametrize(("error", "said"), [(StoreUnavailable("gone"), "gone"), (KeyError("x"), "log")])
def test_a_broken_run_says_why(error: Exception, said: str) -> None:
    """In a sentence, and without what was in hand."""

    async def main() -> Run:
        runs = Runs(clock=utc_now, ids=new_id)

        async def act(_: LetterHead) -> Happened:
            raise error

        run = await ended(begin(runs, act))
        await runs.aclose()
        return run

    run = asyncio.run(main())
    assert run.state is State.BROKEN
    assert said in run.error


def test_the_oldest_runs_are_forgotten() -> None:
    """A hundred that have ended are remembered; one that was forgotten is no run any more."""

    async def main() -> None:
        runs = Runs(clock=utc_now, ids=new_id)

        async def act(head: LetterHead) -> Happened:
            return Happened(head, Fate.GONE)

        started = [await ended(begin(runs, act)) for _ in range(102)]
        assert len(runs.all()) == 100
        assert runs.all()[0] is started[-1]
        with pytest.raises(NoSuchRun, match="ended long ago"):
            runs.find(started[0].id)

    asyncio.run(main())
