"""The audit log is read by admins, page by page, and what stands in it is text."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from console.pages.table import PAGES
from tests.console.conftest import Console, House
from tests.console.pages.conftest import SCRIPT, Visit, Visiting, now
from worker.deeds import Deed


def test_acts_stand_there_with_who_and_why(visiting: Visiting) -> None:
    """Newest first; more than a page leads to the older ones; a senseless time is none."""

    async def body(visit: Visit) -> None:
        text = await visit.look("/audit")
        assert "Nobody did anything" in text
        assert "/audit/end-visits" not in text, "nobody logs in here"
        for number in range(101):
            deed = Deed(
                id=f"d-{number}",
                at=now() - timedelta(minutes=number),
                person=f"ann{number}",
                role="operator",
                how="account",
                action="pause-service",
                target="support",
                detail=SCRIPT,
                outcome="done",
            )
            await visit.store.record_deed(deed, retention=timedelta(days=365))
        text = await visit.look("/audit")
        assert text.index("ann0,") < text.index("ann99,")
        assert "ann100," not in text
        assert "<script>hacked" not in text
        older = await visit.look("/audit", before=(now() - timedelta(minutes=99.5)).isoformat())
        assert "ann100," in older
        assert "ann99," not in older
        for nonsense in ("yesterday", "2026-11-23T12:00:00"):
            assert "ann0," in await visit.look("/audit", before=nonsense)

    visiting(body)


def test_only_admins_see_it(house: House, accounts: Mapping[str, Any]) -> None:
    """Nobody else is led there either."""
    house.pages = PAGES

    async def body(console: Console) -> None:
        for name, status in (("operator", 403), ("admin", 200)):
            browser = console.browser()
            await browser.enters(name)
            assert (await browser.http.get("/audit")).status_code == status
            assert ("/audit" in (await browser.http.get("/")).text) is (status == 200)

    house.hosts(body, accounts)


def test_an_admin_ends_somebodys_visits(house: House, accounts: Mapping[str, Any]) -> None:
    """With a reason; who was logged in is asked to log in again, and nobody but an admin may do it."""
    house.pages = PAGES

    async def body(console: Console) -> None:
        operator, admin = console.browser(), console.browser()
        await operator.enters("operator")
        await admin.enters("admin")
        assert (await operator.http.get("/services")).status_code == 200
        assert "/audit/end-visits" in (await admin.http.get("/audit")).text
        refused = await operator.post("/audit/end-visits", name="operator", reason="x")
        assert refused.status_code == 403
        for form, told in (
            ({"name": "operator", "reason": ""}, "is empty"),
            ({"name": "", "reason": "left"}, "whose visits"),
            ({"name": "operator", "reason": "left"}, "logged in as operator"),
        ):
            assert told in (await admin.post("/audit/end-visits", **form)).text
        assert (await operator.http.get("/services")).status_code == 303
        assert (await admin.http.get("/services")).status_code == 200

    house.hosts(body, accounts)
