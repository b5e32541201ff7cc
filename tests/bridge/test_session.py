"""Sessions: one command's connection to the bridge."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge.session import session
from worker.errors import SettingsError, UnknownService

if TYPE_CHECKING:
    from tests.bridge.conftest import Operator


def test_it_gives_a_bridge_and_takes_it_back(operator: "Operator") -> None:
    """The store answers within, and its connections are given back."""

    async def body() -> None:
        async with session("support") as bridge:
            await bridge.store.ping()
        assert bridge.partitions == {"support": 2, "sales": 1}

    asyncio.run(body())
    assert operator.rung == []


@pytest.mark.usefixtures("operator")
def test_an_unknown_service_is_refused_at_once() -> None:
    """The sentence names those there are."""

    async def body() -> None:
        with pytest.raises(UnknownService, match="no service 'nope' is configured; there is: sales, support"):
            async with session("nope"):
                pass

    asyncio.run(body())


@pytest.mark.usefixtures("environment")
def test_wrong_settings_are_told_before_anything_is_opened(tmp_path: Path) -> None:
    """Nothing is connected to."""
    (tmp_path / "bridge.toml").write_text("nonsense = 1")

    async def body() -> None:
        with pytest.raises(SettingsError, match="nonsense"):
            async with session():
                pass

    asyncio.run(body())
