"""One version up and one version down, over real processes: nothing is dropped, nothing overtakes.

The next version is a copy of this one whose commands and rows say something that this one does not know.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from tests.faults.mutants import Cut, copied
from tests.stories.conftest import Stack, create, update, wait_until

pytestmark = pytest.mark.story

#: What a field of its own looks like in the code of the next version.
_TRACE = '    trace_id: TraceId = ""\n'
_GENERATION = "    generation: int = 1\n"
_RECORD = "interaction.model_dump_json(exclude_defaults=True)"
NEXT = (
    Cut("worker/store/format.py", "FORMAT: Final = 1\n", "FORMAT: Final = 2\n"),
    Cut("worker/commands.py", _TRACE, f'{_TRACE}    urgency: str = "high"\n'),
    Cut("worker/interactions.py", _GENERATION, f'{_GENERATION}    mood: str = "calm"\n'),
    Cut("worker/store/wire.py", _RECORD, "interaction.model_dump_json()"),
)


class Next:
    """The processes of the next version."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._source = copied(stack.directory / "next", NEXT)

    def update(self, external_id: str, number: int) -> None:
        """Submit an update at its door."""
        arguments = ("send", "update", "support", external_id, "--changed", f"Step={number}")
        subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            cwd=self._source,
            env={**os.environ, **self._stack.environment},
            check=True,
            capture_output=True,
            timeout=60,
        )

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start one of its workers."""
        here = Path.cwd()
        os.chdir(self._source)
        try:
            return self._stack.start("next", "-m", "bridge", "worker")
        finally:
            os.chdir(here)


def steps(stack: Stack, external_id: str) -> list[str | int]:
    """Return what the API saw of a conversation, in order: `create`, or the Step that an update set."""
    data = [each for each in stack.effects() if each["externalId"] == external_id]
    return [
        int(each["request"]["data"]["changedProperties"]["Step"])
        if each["operation"] == "update"
        else each["operation"]
        for each in data
    ]


def is_left(stack: Stack, external_id: str, sequence: int) -> bool:
    """Say whether a worker has met a command, left it where it was, and will not look again for a while."""
    view = stack.view(external_id)
    if view is None:
        # its row is one of the next version, which nobody here can read
        with redis.Redis.from_url(stack.redis.url()) as client:
            due = client.zscore("bridge:{support/0}:due", external_id)
        return due is not None and due / 1000 > datetime.now(UTC).timestamp() + 10
    pending = [each.sequence for each in view.pending]
    soon = datetime.now(UTC) + timedelta(seconds=10)
    return pending[:1] == [sequence] and view.due is not None and view.due > soon


def raw(stack: Stack, external_id: str) -> tuple[bytes, list[bytes], list[bytes]]:
    """Return what stands in the store of a conversation: its row, its lane, its history."""
    prefix = "bridge:{support/0}:"
    with redis.Redis.from_url(stack.redis.url()) as client:
        return (
            client.hget(f"{prefix}row:{external_id}", "record"),
            client.lrange(f"{prefix}lane:{external_id}", 0, -1),
            client.lrange(f"{prefix}history:{external_id}", 0, -1),
        )


def hasten(stack: Stack) -> None:
    """Have looked at once what was left."""
    stack.with_bridge(lambda bridge: bridge.store.hasten("support", now=bridge.clock()))


def test_up_and_down_by_one_version(stack: Stack) -> None:
    """This version's work goes on beside the next one's, which it leaves untouched, before and after."""
    following = Next(stack)
    stack.start_beat()
    stack.submit([create("c-1"), update("c-1", 1), create("c-3")])
    following.update("c-1", 2)
    following.update("c-2", 1)

    # up: the old worker does its own, and leaves what the new door accepted
    old = stack.start_worker()
    wait_until(lambda: is_left(stack, "c-1", 3) and is_left(stack, "c-2", 1), reason="both to be left")
    wait_until(lambda: steps(stack, "c-3") == ["create"], reason="its own")
    assert (steps(stack, "c-1"), steps(stack, "c-2")) == (["create", 1], [])
    left = raw(stack, "c-1")
    hasten(stack)
    wait_until(lambda: is_left(stack, "c-1", 3), reason="it to be left again")
    assert raw(stack, "c-1") == left, "waiting writes nothing"
    assert stack.end(old) == 0

    # the new worker does all of it
    new = following.start_worker()
    hasten(stack)
    wait_until(stack.idle, reason="the new worker to do everything")
    assert (steps(stack, "c-1"), steps(stack, "c-2")) == (["create", 1, 2], ["create"])
    assert b'"mood":"calm"' in raw(stack, "c-1")[0]
    assert stack.end(new) == 0

    # down: what the new one wrote is left alone, what is new to the old one is done
    stack.submit([update("c-1", 3), update("c-3", 1)])
    old = stack.start_worker()
    wait_until(lambda: is_left(stack, "c-1", 4), reason="the new version's row to be left")
    wait_until(lambda: steps(stack, "c-3") == ["create", 1], reason="its own")
    assert b'"mood":"calm"' in raw(stack, "c-1")[0]
    stack.end(old, signal.SIGKILL)
    said = "".join(path.read_text() for path in stack.directory.glob("worker-*.log"))
    assert "was written by a newer bridge (format 2, this one writes 1)" in said

    following.start_worker()
    hasten(stack)
    wait_until(stack.idle, reason="the new worker to do what was left")
    assert steps(stack, "c-1") == ["create", 1, 2, 3]
