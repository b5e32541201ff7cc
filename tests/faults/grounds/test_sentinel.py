"""Behind sentinels: to kill the store is a failover, and what breaks on a way is none."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.grounds.sentinel import FAILOVER, Sentinel, redirected
from worker.errors import StoreUnavailable
from worker.store.limits import Limits
from worker.store.link import Link
from worker.store.opening import open_servers


def test_a_sentinel_is_heard_with_the_ports_of_the_way() -> None:
    """Wherever a port stands alone, and nowhere else; nothing becomes longer."""
    said = b"*4\r\n$4\r\nport\r\n$5\r\n40001\r\n$5\r\nrunid\r\n$7\r\n4000140\r\n"
    heard = redirected({40001: 50001, 40002: 50002}, said)
    assert heard == said.replace(b"\r\n40001\r\n", b"\r\n50001\r\n")
    assert len(heard) == len(said)


@pytest.mark.story
def test_a_killed_master_is_succeeded_and_comes_back_as_a_replica(tmp_path: Path) -> None:
    """What the bridge wrote over its way is there afterwards, over the way and past it."""
    ground = Sentinel(tmp_path)

    async def story() -> None:
        await ground.start()
        url, way = await ground.way()
        link = Link(open_servers(url, timeout_s=5, replicas=ground.replicas), Limits(), timeout_s=5)
        await link.ask(link.redis.set("x", "1"))
        master = ground._watched.master

        cutting = asyncio.create_task(way.cut(3.0))  # longer than sentinels bear with a server
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable):
            await link.ask(link.redis.get("x"))
        await cutting
        assert ground._watched.master is master

        ground.kill()
        assert ground.restore()[FAILOVER] > 0
        assert ground._watched.master is not master
        with master.client as killed:
            assert killed.info("replication")["role"] == "slave"
        assert await link.ask(link.redis.get("x")) == b"1"
        with ground.client() as client:
            assert client.get("x") == b"1"
        assert ground.restore() == {}, "nothing was killed since"
        await link.servers.aclose()
        await way.close()

    try:
        asyncio.run(story())
    finally:
        ground.close()
