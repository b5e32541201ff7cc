"""Over a cluster of three nodes: partitions are spread over them, and a node that restarts is waited for."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.redis_server import RedisServer, find_server
from tests.redis_servers import Node, end_all, start_cluster
from tests.stories.conftest import Stack, create, staged, update, wait_until
from tests.stories.test_death import creates_by_id, steps_by_id

pytestmark = pytest.mark.story


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Node]]:
    """Three masters that share the slots."""
    found = start_cluster(tmp_path / "cluster", find_server())
    yield found
    end_all(found)


@pytest.fixture
def stack(tmp_path: Path, nodes: list[Node]) -> Iterator[Stack]:
    """A stack whose store is the cluster; its broker is a Redis of its own."""
    redis = RedisServer(tmp_path / "redis")
    redis.start()
    url = f"cluster://{','.join(node.name for node in nodes)}"
    with staged(tmp_path, redis, store=url) as stack:
        text = stack.config.read_text()
        stack.config.write_text(text.replace("[services.support]", "[services.support]\npartitions = 8"))
        yield stack


def test_partitions_are_spread_and_a_node_may_restart(stack: Stack, nodes: list[Node]) -> None:
    """One node killed and restarted under load: every accepted command is delivered, once and in order."""
    stack.start_worker()
    stack.start_beat()
    names = [f"c-{number}" for number in range(60)]
    stack.submit([create(name) for name in names])
    for node in nodes:
        with node.client as client:
            assert client.keys("bridge:{support/*}:row:*"), "each node has a share of the conversations"
    stack.submit([update(name, 1) for name in names])
    nodes[1].end(signal.SIGKILL)
    nodes[1].start()
    wait_until(stack.done, reason="everything so far to be delivered")
    stack.submit([update(name, 2) for name in names])
    wait_until(stack.done, reason="everything to be delivered after the restart")
    assert creates_by_id(stack) == Counter(names)
    assert steps_by_id(stack) == {name: [1, 2] for name in names}
