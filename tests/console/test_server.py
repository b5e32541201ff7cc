"""The console on a port of its own."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs

from console.server import serving
from worker.errors import SettingsError

if TYPE_CHECKING:
    from tests.console.conftest import House


async def _look(house: "House", console: Mapping[str, Any]) -> tuple[int, list[Any]]:
    """Serve a console, look at its first page, and return the answer and what it said when it opened."""
    with capture_logs() as said:
        async with (
            house.bridge({**console, "port": 0}) as bridge,
            httpx.AsyncClient() as http,
        ):
            async with serving(bridge) as port:
                base = f"http://127.0.0.1:{port}"
                assert (await http.get(f"{base}/readyz")).text == "ready"
                answer = await http.get(base)
            with pytest.raises(httpx.ConnectError):
                await http.get(f"{base}/livez")
    return answer.status_code, [each for each in said if each["event"].startswith("console_open")]


def test_without_log_in_it_says_so_aloud(house: "House") -> None:
    """As a warning that names who may do what, and how to change it."""
    status, (said,) = asyncio.run(_look(house, {}))
    assert status == 404  # there are no pages here
    assert (said["event"], said["log_level"]) == ("console_open_without_login", "warning")
    assert "admin 'local'" in said["people"]
    assert "console.accounts" in said["to_change"]


def test_with_accounts_people_log_in(house: "House", accounts: Mapping[str, Any]) -> None:
    """And nothing is said aloud."""
    status, (said,) = asyncio.run(_look(house, accounts))
    assert status == 303
    assert (said["event"], said["log_level"]) == ("console_open", "info")


def test_beyond_this_machine_it_does_not_open_to_strangers(house: "House") -> None:
    """No port is taken before that is known."""

    async def main() -> None:
        async with house.bridge({"host": "0.0.0.0", "port": 0}) as bridge:  # noqa: S104 - refused
            with pytest.raises(SettingsError, match="nobody would have to log in"):
                async with serving(bridge):
                    pass

    asyncio.run(main())
