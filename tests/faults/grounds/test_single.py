"""One Redis as ground: killed it keeps everything, wiped it keeps nothing."""

import asyncio
from pathlib import Path

from tests.faults.grounds.single import Single
from worker.store.limits import Limits
from worker.store.link import Link
from worker.store.opening import open_servers


def test_a_kill_keeps_and_a_wipe_forgets(tmp_path: Path) -> None:
    """The way stays where it is; and while it is down there is nothing to wipe."""
    ground = Single(tmp_path)

    async def story() -> None:
        await ground.start()
        url, way = await ground.way()
        link = Link(open_servers(url, timeout_s=5), Limits(), timeout_s=5)
        await link.ask(link.redis.set("x", "1"))
        await link.redis.connection_pool.disconnect()
        ground.kill()
        ground.wipe()
        assert ground.restore() == {}
        assert await link.ask(link.redis.get("x")) == b"1"
        ground.wipe()
        with ground.client() as client:
            assert client.get("x") is None
        await link.servers.aclose()
        await way.close()

    try:
        asyncio.run(story())
    finally:
        ground.close()
