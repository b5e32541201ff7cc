"""A process lives while its loop comes round, and is ready while its store answers."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from worker.errors import StoreUnavailable
from worker.loop import LoopThread
from worker.telemetry.health import Pulse, loop_health


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """A loop in a thread of its own."""
    thread = LoopThread()
    yield thread
    thread.close()


async def _answers() -> None:
    pass


async def _is_away() -> None:
    raise StoreUnavailable("gone")


async def _hangs() -> None:
    await asyncio.Event().wait()


def test_a_process_that_works_is_live_and_ready(loop: LoopThread) -> None:
    """No complaint."""
    health = loop_health(loop.loop, _answers)
    assert (health.live(), health.ready()) == ("", "")


def test_a_store_that_is_away_makes_it_unready_and_not_dead(loop: LoopThread) -> None:
    """A restart would not bring the store back, whether it refuses or says nothing."""
    for ping in (_is_away, _hangs):
        health = loop_health(loop.loop, ping, patience_s=0.1)
        assert (health.live(), health.ready()) == ("", "the store does not answer")


def test_a_loop_that_hangs_is_dead(loop: LoopThread) -> None:
    """It is asked, and does not come round."""
    begun, let_go = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        let_go.wait()

    loop.loop.call_soon_threadsafe(hang)
    begun.wait()
    health = loop_health(loop.loop, _answers, patience_s=0.05)
    assert health.live() == health.ready() == "the event loop does not come round"
    let_go.set()


def test_a_process_on_its_way_out_takes_no_more() -> None:
    """It is told so before its loop is asked."""
    loop = LoopThread()
    loop.close()
    health = loop_health(loop.loop, _answers, leaving=lambda: True)
    assert health.ready() == "the process is on its way out"
    assert health.live() == "the event loop does not come round", "a loop that was closed"


def test_a_beat_lives_while_it_sends() -> None:
    """It is ready from the first time on, and dead after a long silence."""
    now = [100.0]
    pulse = Pulse(30.0, lambda: now[0])
    assert (pulse.live(), pulse.ready()) == ("", "nothing was sent yet")
    pulse.beat()
    now[0] += 30
    assert (pulse.live(), pulse.ready()) == ("", "")
    now[0] += 1
    assert pulse.live() == pulse.ready() == "nothing was sent for 31 s"
