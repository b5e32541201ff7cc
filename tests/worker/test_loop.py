"""A loop in its own thread runs coroutines for any other."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.loop import LoopThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """A loop that is ended afterwards."""
    thread = LoopThread()
    yield thread
    thread.close()


def test_what_a_coroutine_returns_comes_back(loop: LoopThread) -> None:
    """It runs on the loop's own thread."""

    async def where() -> str:
        return threading.current_thread().name

    assert loop.run(where()) == "bridge-loop"


def test_what_a_coroutine_raises_is_raised_here(loop: LoopThread) -> None:
    """And the loop goes on."""

    async def breaks() -> None:
        raise ValueError("a bug")

    async def works() -> int:
        return 7

    with pytest.raises(ValueError, match="a bug"):
        loop.run(breaks())
    assert loop.run(works()) == 7


def test_coroutines_of_several_threads_run_together(loop: LoopThread) -> None:
    """Each waits for all others: were they run one by one, none would end."""
    barrier = asyncio.Barrier(4)

    async def meet(number: int) -> int:
        await barrier.wait()
        return number

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(lambda number: loop.run(meet(number)), range(4))) == [0, 1, 2, 3]


def test_work_is_begun_without_waiting_for_it(loop: LoopThread) -> None:
    """It goes on by itself, and whoever began it goes on too."""
    began, may_end = threading.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        await may_end.wait()

    loop.begin(work())
    assert began.wait(10)


def test_what_was_begun_ends_in_peace(loop: LoopThread) -> None:
    """Calm returns when it has cleaned up after itself, however long that takes; calm twice is no harm."""
    began, cleaned = threading.Event(), threading.Event()

    async def work() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    loop.begin(work())
    assert began.wait(10)
    loop.calm()
    assert cleaned.is_set()
    loop.calm()


def test_whoever_does_not_hear_the_first_time_is_told_again(loop: LoopThread) -> None:
    """As a client does that takes a cancellation for a broken connection and goes on."""
    began, ended = threading.Event(), threading.Event()

    async def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            began.set()
            await asyncio.Event().wait()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    loop.begin(work())
    assert began.wait(10)
    loop.calm()
    assert ended.is_set()


def test_a_closed_loop_leaves_no_thread() -> None:
    """Closing returns when the thread has ended."""
    thread = LoopThread()
    thread.close()
    assert not thread._thread.is_alive()
    assert thread._loop.is_closed()
