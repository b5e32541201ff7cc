"""Where no bridge runs, its own Redis is woken for one command and sleeps again."""

import asyncio
from pathlib import Path

import pytest

from bridge.asleep import store_of
from bridge.lock import AnotherBridge, DataLock
from bridge.session import session
from worker.configuration import load


async def tally() -> dict[str, int]:
    """Count one, and return the counts."""
    async with session() as bridge:
        await bridge.store.tally("support", "mail:refused")
        return dict(await bridge.store.tallies("support"))


@pytest.mark.usefixtures("environment")
def test_a_sleeping_store_is_woken(tmp_path: Path, environment: dict[str, str]) -> None:
    """It has what it had, and nobody else may wake it meanwhile."""
    data = tmp_path / "bridge-data"
    for count in (1, 2):
        with store_of(data):
            assert asyncio.run(tally()) == {"mail:refused": count}
            with pytest.raises(AnotherBridge):
                DataLock(data / "lock").take(patience_s=0)
        del environment["BRIDGE_STORE_URL"]


def test_a_stated_store_is_left_alone(tmp_path: Path, environment: dict[str, str], redis_url: str) -> None:
    """Nothing is started, and no data directory made."""
    environment["BRIDGE_STORE_URL"] = redis_url
    with store_of(tmp_path / "bridge-data"):
        assert load().store.url == redis_url
    assert not (tmp_path / "bridge-data").exists()
