"""Valkey is as good a store and broker as Redis."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.redis_server import RedisServer
from tests.redis_servers import find_valkey
from tests.stories.conftest import Stack, create, staged, stop, update, wait_until
from tests.stories.test_death import creates_by_id, steps_by_id

pytestmark = pytest.mark.story


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack over Valkey."""
    valkey = RedisServer(tmp_path / "valkey", find_valkey())
    valkey.start()
    with staged(tmp_path, valkey) as stack:
        yield stack


def test_a_killed_valkey_comes_back_with_everything(stack: Stack) -> None:
    """Killed and restarted under load: every accepted command is delivered, once and in order."""
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(30)]
    stack.submit([create(name) for name in names])
    stack.redis.kill()
    stack.redis.start()
    stack.submit([update(name, number) for number in (1, 2) for name in names])
    stack.submit([stop(name) for name in names])
    wait_until(stack.idle, reason="everything to be delivered after the restart")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2] for name in names}
