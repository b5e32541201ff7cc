"""Several beats and workers: each slot once, the stuck end themselves, what ended elsewhere is found."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import pytest
from celery import Celery

from tests.stories.conftest import Stack, create, stop, update, wait_until
from worker.interactions import EndedBy, State
from worker.process import STUCK

pytestmark = pytest.mark.story

_SLOT_S = 2
_PATIENCE_S = 4

#: Two ways in which a worker may hang, and no part of the product.
WEDGED = """
import threading
import time

from worker.app import app
from worker.tasks import holder


@app.task(name="story.hang")
def hang() -> None:
    threading.Event().wait()


@app.task(name="story.block")
def block() -> None:
    holder.get()._loop._loop.call_soon_threadsafe(time.sleep, 600)
"""


def said(stack: Stack, event: str) -> Iterator[dict[str, object]]:
    """Yield the lines that any process wrote about an event."""
    for log in sorted(stack.directory.glob("*.log")):
        for line in log.read_text().splitlines():
            if f'"event": "{event}"' in line:
                yield json.loads(line)


def audited_slots(stack: Stack) -> list[int]:
    """Return the slot of every audit that was done, in order."""
    moments = (datetime.fromisoformat(str(line["at"])) for line in said(stack, "audited"))
    return sorted(int(at.timestamp()) // _SLOT_S for at in moments)


def test_each_slot_happens_once_with_two_beats_and_two_workers(stack: Stack) -> None:
    """No slot twice, none left out; a beat and a worker die, and the others go on by themselves."""
    stack.config.write_text(stack.config.read_text() + f"\n[schedule]\naudit_s = {_SLOT_S}\n")
    beats = [stack.start_beat(), stack.start_beat()]
    workers = [stack.start_worker(), stack.start_worker()]
    wait_until(lambda: len(audited_slots(stack)) >= 4, reason="four slots")
    beats[0].kill()
    workers[0].kill()
    before = len(audited_slots(stack))
    wait_until(lambda: len(audited_slots(stack)) >= before + 3, reason="three slots after a death")
    slots = audited_slots(stack)
    assert len(set(slots)) == len(slots), "no slot happened twice"
    # the worker that died may have taken a slot along
    gaps = [late - early for early, late in pairwise(slots)]
    assert sum(gap > 1 for gap in gaps) <= 1
    assert all(line["mended"] == 0 for line in said(stack, "audited"))


def test_an_outage_leaves_no_burst_behind(stack: Stack) -> None:
    """Beats ask while no worker is there; the worker that comes does the present slot once, and goes on."""
    stack.config.write_text(stack.config.read_text() + f"\n[schedule]\naudit_s = {_SLOT_S}\n")
    for _ in range(2):
        stack.start_beat()
    time.sleep(4 * _SLOT_S)
    stack.start_worker()
    wait_until(lambda: len(audited_slots(stack)) >= 3, reason="three slots")
    slots = audited_slots(stack)
    assert len(set(slots)) == len(slots)
    assert slots[2] - slots[0] >= 2, "nothing was made up for"


def wedged_worker(stack: Stack, patience_s: float = _PATIENCE_S) -> "subprocess.Popen[bytes]":
    """Start a worker that knows how to hang, with two hands."""
    (stack.directory / "wedged.py").write_text(WEDGED)
    stack.environment["PYTHONPATH"] = str(stack.directory)
    settings = stack.config.read_text().replace("[worker]", f"[worker]\nwatchdog_s = {patience_s}")
    stack.config.write_text(settings)
    flags = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--concurrency", "2")
    return stack.start("wedged", "-m", "celery", "-A", "wedged", "worker", "-l", "warning", *flags)


@pytest.mark.parametrize(("task", "times"), [("story.hang", 2), ("story.block", 1)])
def test_a_stuck_worker_ends_itself_with_a_reason(stack: Stack, task: str, times: int) -> None:
    """Its pool is full of tasks that hang, or its loop is blocked: the next worker does what was due."""
    worker = wedged_worker(stack)
    stack.submit([create("c-1")])
    wait_until(stack.idle, reason="the worker to work at first")
    celery = Celery(broker=stack.redis.broker_url())
    celery.conf.update(broker_transport_options={"global_keyprefix": "bridge-broker:", "priority_steps": [0]})
    for _ in range(times):
        celery.send_task(task, queue="bridge.commands", ignore_result=True)
    time.sleep(1)
    stack.submit([update("c-1", 1), stop("c-1")])
    assert worker.wait(timeout=60) == STUCK
    (line,) = said(stack, "worker_stuck")
    assert (line["level"], line["service"]) == ("error", "support")
    assert float(str(line["due_for_s"])) >= _PATIENCE_S

    with Celery(broker=stack.redis.broker_url()) as broker, broker.connection_for_write() as link:
        link.default_channel.client.flushdb()  # what hangs is not for the next one: the broker may be wiped
    stack.start_worker()
    stack.start_beat()
    wait_until(stack.idle, reason="another worker to finish")
    view = stack.view("c-1")
    assert view is not None
    assert view.interaction.state is State.ENDED


def test_a_worker_outlives_its_store_and_a_pause(stack: Stack) -> None:
    """Neither is its fault: it waits for longer than its patience, and then goes on.

    The broker goes with the store, and Celery looks for it 2, 6, 12, 20 and 30 seconds after it was lost: so
    the patience must be longer than the 8 seconds between two such looks.
    """
    patience_s = 14.0
    worker = wedged_worker(stack, patience_s)
    stack.start_beat()
    stack.submit([create("c-1")])
    wait_until(stack.idle, reason="the worker to work at first")
    stack.with_bridge(lambda bridge: bridge.store.pause("support", reason="they move"))
    stack.submit([update("c-1", 1)])
    time.sleep(patience_s + 1)
    stack.redis.kill()
    time.sleep(patience_s + 1)
    assert worker.poll() is None
    stack.redis.start()
    stack.with_bridge(lambda bridge: bridge.store.resume("support"))
    wait_until(stack.idle, reason="the worker to go on")
    assert worker.poll() is None
    # what was away is named in a sentence
    said = "".join(log.read_text() for log in stack.directory.glob("[wb]*.log"))
    assert "Connection refused" in said
    assert [word for word in ("Traceback", ", line ") if word in said] == []


def test_what_ended_elsewhere_is_found_out(stack: Stack) -> None:
    """Agents end half of them, API and store are away: only what is gone is closed, and mail reopens it."""
    stack.config.write_text(
        stack.config.read_text()
        + "reconcile = { round_s = 4, rest_s = 1, requests_per_s = 50 }\n[schedule]\nreconcile_s = 1\n"
    )
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(20)]
    stack.submit([create(name) for name in names])
    wait_until(stack.idle, reason="all to be created")
    for name in names[:10]:
        end_as_an_agent(stack, name)
    stack.processes[0].kill()
    stack.processes[0].wait()
    stack.redis.kill()
    time.sleep(1)
    stack.redis.start()
    stack.start_sandbox()

    def ended() -> set[str]:
        views = {name: stack.view(name) for name in names}
        return {name for name, view in views.items() if view and view.interaction.state is State.ENDED}

    wait_until(lambda: ended() >= set(names[:10]), reason="what is gone to be found out")
    assert ended() == set(names[:10])
    view = stack.view("c-3")
    assert view is not None
    assert view.interaction.ended_by is EndedBy.ELSEWHERE
    assert view.history[-1].event == "gone"
    stack.submit([update("c-3", 1)])
    wait_until(stack.idle, reason="the update")
    view = stack.view("c-3")
    assert view is not None
    assert (view.interaction.generation, view.interaction.state) == (2, State.OPEN)


def end_as_an_agent(stack: Stack, external_id: str) -> None:
    """End an interaction behind the bridge's back."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.sandbox_port}/nexus/v3/openmedia/support/interactions/ext_{external_id}/stop",
        method="POST",
        data=b"{}",
        headers={"content-type": "application/json", "x-api-key": stack.environment["STORY_KEY"]},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the address is ours
        assert answer.status == 200
