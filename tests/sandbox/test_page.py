"""The page for people."""

from typing import TYPE_CHECKING

from sandbox.fault import Fault
from sandbox.page import ROWS, page

if TYPE_CHECKING:
    from tests.sandbox.conftest import Desk


def test_everything_a_caller_sent_is_escaped(desk: "Desk") -> None:
    """Text from outside appears as text, never as markup, even if it is no text."""
    desk.create("<script>alert(1)</script>", userData={"<b>": '"&\ud800'})
    shown = page(desk.world)
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "<b>" not in shown


def test_the_page_shows_what_is_held_and_done(desk: "Desk") -> None:
    """Live interactions and calls are listed, the latest first, as many as a page holds."""
    for number in range(ROWS + 1):
        desk.create(f"number-{number}-")
    desk.stop(f"ext_number-{ROWS}-")
    shown = page(desk.world)
    assert f"Live interactions: {ROWS}. Calls: {ROWS + 2}." in shown
    assert shown.count("<tr>") == 2 + 2 * ROWS
    assert shown.index("stop") < shown.index("create")


def test_the_page_shows_what_will_go_wrong(desk: "Desk") -> None:
    """Rules and script are listed with what is special about them, escaped like everything else."""
    assert page(desk.world).count("<pre>none</pre>") == 2
    desk.world.faults.rules = (Fault(kind="status", body="<b>"),)
    desk.world.faults.play([Fault(kind="hang")])
    shown = page(desk.world)
    assert "{&quot;kind&quot;: &quot;status&quot;, &quot;body&quot;: &quot;&lt;b&gt;&quot;}" in shown
    assert "{&quot;kind&quot;: &quot;hang&quot;}" in shown


def test_long_cells_are_cut(desk: "Desk") -> None:
    """A cell does not fill the page."""
    desk.create("x" * 10_000)
    assert "x" * 301 not in page(desk.world)


def test_the_page_needs_nothing_from_elsewhere(desk: "Desk") -> None:
    """The page refreshes itself and loads nothing."""
    shown = page(desk.world)
    assert "http-equiv=refresh" in shown
    assert "src=" not in shown
    assert "href=" not in shown
