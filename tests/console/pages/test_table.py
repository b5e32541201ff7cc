"""Every address has its role: whoever only looks can do nothing, and a stranger sees nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from console.guard import asks_by_itself
from console.pages.table import PAGES
from console.people import Role
from tests.console.conftest import Console, House

#: Forms that only look, and may be sent by whoever may look.
LOOKS = {"/interactions", "/sweeps/plan"}


def test_whatever_changes_something_takes_an_operator() -> None:
    """And whatever is asked for by GET changes nothing, so that a link can do no harm."""
    assert {page.method for page in PAGES} == {"GET", "POST"}
    for page in PAGES:
        looks = page.method == "GET" or page.path in LOOKS
        expected = Role.ADMIN if page.path.startswith("/audit") else Role.VIEWER if looks else Role.OPERATOR
        assert page.role is expected, page.path


def test_what_pages_ask_for_by_themselves_is_known() -> None:
    """The guard takes none of it for a sign that somebody is there, and nothing else."""
    live = {page.path for page in PAGES if page.method == "GET" and asks_by_itself(page.path)}
    assert live == {page.path for page in PAGES if page.path.endswith("/live") or page.path == "/runs/{run}"}
    assert len(live) > 1


@pytest.mark.parametrize("name", ["viewer", "stranger"])
def test_a_viewer_and_a_stranger_can_do_nothing(house: House, accounts: Mapping[str, Any], name: str) -> None:
    """Tried with each form: a viewer is told which role it takes, a stranger is led to the door."""
    house.pages = PAGES

    async def body(console: Console) -> None:
        browser = console.browser()
        if name == "viewer":
            await browser.enters(name)
        for page in PAGES:
            if page.role is Role.OPERATOR:
                answer = await browser.post(page.path.replace("{run}", "x"), name="support", reason="x")
                refused = 403 if name == "viewer" else 303
                assert answer.status_code == refused, page.path
            elif name == "stranger":
                assert (await browser.http.get(page.path)).status_code == 303, page.path
        assert await console.bridge.store.paused_channels() == {}

    house.hosts(body, accounts)


def test_a_viewer_sees_no_form_that_acts(house: House, accounts: Mapping[str, Any]) -> None:
    """What would be refused is not offered."""
    house.pages = PAGES

    async def body(console: Console) -> None:
        browser = console.browser()
        await browser.enters("viewer")
        for path in ("/service?name=support", "/channel?name=tickets", "/sweeps"):
            text = (await browser.http.get(path)).text
            assert "/pause" not in text
            assert "viewer · viewer" in text

    house.hosts(body, accounts)
