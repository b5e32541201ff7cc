"""What every page has: times with UTC behind them, readable counts, answers with and without script."""

from datetime import UTC, datetime, timedelta, timezone

from console.pages.page import moment, number
from tests.console.pages.conftest import Visit, Visiting


def test_a_moment_is_written_in_utc_for_the_browser_to_translate() -> None:
    """Whatever zone it came in; none is a dash."""
    at = datetime(2026, 11, 23, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert moment(at) == (
        '<time datetime="2026-11-23T12:00:00.000000Z" title="2026-11-23 12:00:00 UTC">'
        "2026-11-23 12:00:00 UTC</time>"
    )
    assert moment(at) == moment(at.astimezone(UTC))
    assert moment(None) == "—"


def test_a_count_has_its_thousands_apart() -> None:
    """By a space that is not broken."""
    assert [number(999), number(1_234_567)] == ["999", "1\u202f234\u202f567"]


def test_forms_work_without_script(visiting: Visiting) -> None:
    """The answer is then a page of its own with a way back."""

    async def body(visit: Visit) -> None:
        answer = await visit.browser.post("/service/pause", name="support", reason="moving")
        assert answer.status_code == 200
        assert "<html" in answer.text
        assert 'href="/service?name=support"' in answer.text

    visiting(body)


def test_every_asset_that_a_page_names_is_there_and_comes_from_here(visiting: Visiting) -> None:
    """No address of anybody else stands in a page."""

    async def body(visit: Visit) -> None:
        text = await visit.look("/")
        assert "://" not in text.replace("http://www.w3.org", "")
        for name in ("console.css", "console.js", "htmx.min.js", "mark.svg"):
            assert f"/assets/{name}" in text
            assert (await visit.get(f"/assets/{name}")).status_code == 200

    visiting(body)


def test_the_sandbox_has_a_page_only_where_it_is_in_use(visiting: Visiting) -> None:
    """Elsewhere nothing leads there."""

    async def body(visit: Visit) -> None:
        assert "/sandbox" not in await visit.look("/")
        assert (await visit.get("/sandbox")).status_code == 404

    visiting(body)
