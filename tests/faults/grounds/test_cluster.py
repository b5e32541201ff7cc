"""In a cluster: each node has a share of what services hold, and all of it is reached by one way."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.grounds.cluster import WHOLE, Cluster
from worker.errors import StoreUnavailable
from worker.store.limits import Limits
from worker.store.link import Link
from worker.store.opening import open_servers


@pytest.mark.story
def test_a_node_is_killed_and_comes_back_with_its_share(tmp_path: Path) -> None:
    """Everything goes by the way, and is there again once the cluster is whole, turn by turn."""
    ground = Cluster(tmp_path)
    names = [f"x{{{name}/{n}}}" for name, count in ground.partitions.items() for n in range(count)]

    async def story() -> None:
        await ground.start()
        url, way = await ground.way()
        link = Link(open_servers(url, timeout_s=5), Limits(), timeout_s=5)
        for name in names:
            await link.ask(link.redis.set(name, "1"))
        for node in ground._nodes:
            with node.client as client:
                assert client.keys("x*"), "each node has a share"

        cutting = asyncio.create_task(way.cut(0.5))
        await asyncio.sleep(0)
        for name in names:
            with pytest.raises(StoreUnavailable):
                await link.ask(link.redis.get(name))
        await cutting

        for node in ground._nodes[:2]:
            ground.kill()
            assert node.process is None
            assert ground.restore()[WHOLE] > 0
        assert ground.restore() == {}, "nothing was killed since"
        for name in names:
            assert await link.ask(link.redis.get(name)) == b"1"
        with ground.client() as client:
            assert sorted(client.scan_iter("x*", 100)) == sorted(name.encode() for name in names)
        await link.servers.aclose()
        await way.close()

    try:
        asyncio.run(story())
    finally:
        ground.close()
