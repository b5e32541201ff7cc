"""Whatever a sender writes, wherever it is shown: it is text, and nothing of it runs."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.scene import SCRIPT, SERVICE, Scene

#: The first test here waits for the bridge to be played to, however slow the machine is.
pytestmark = [pytest.mark.story, pytest.mark.timeout(300)]


def test_script_in_every_field_is_shown_and_does_not_run(watched: Watched) -> None:
    """In a subject, a name, an address, a property's name, an external id: masked at first, then as text."""
    page = watched.open("/interactions")
    name = f"api-{SCRIPT}"
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    watched.open("/sandbox")
    page.locator("#held").get_by_role("button", name="Reveal").click()
    expect(page.locator("#held [data-revealed]")).to_be_visible()
    for each in page.locator("#held summary").all():
        each.click()
    expect(page.locator("#held details:not([open])")).to_have_count(0)
    expect(page.locator("#held dd", has_text=SCRIPT).first).to_be_visible()
    expect(page.locator("#held dt", has_text=SCRIPT).first).to_be_visible()
    assert page.locator("#held img").count() == 0


def test_script_in_waiting_commands_and_reasons_does_not_run(watched: Watched, scene: Scene) -> None:
    """Nor what an operator gives as a reason, or what waits in a lane."""
    page = watched.open(f"/service?name={SERVICE}")
    page.get_by_label("Reason").fill(SCRIPT)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live")).to_contain_text(SCRIPT)
    scene.ticket("changed", "script", subject=SCRIPT, email=SCRIPT, name=SCRIPT)
    for path in ("/", "/services", f"/interaction?service={SERVICE}&id={scene.external_id('script')}"):
        watched.open(path)
    page.get_by_role("button", name="Reveal what they carry").click()
    expect(page.locator("#pending [data-revealed]")).to_be_visible()
    expect(page.locator("#pending")).to_contain_text("window.hacked=1")
    watched.open(f"/service?name={SERVICE}")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#answer")).to_contain_text("is open")


def test_a_search_and_a_trial_show_what_was_typed_as_text(watched: Watched) -> None:
    """What comes back of a form is escaped as well."""
    page = watched.open("/interactions")
    page.get_by_label("External id, interaction id, key or sender").fill(SCRIPT)
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_label("External id, interaction id, key or sender")).to_have_value(SCRIPT)
    watched.open("/channel?name=tickets")
    body = {"event": "ticket.opened", "delivery": "x", "ticket": {"id": "1", "subject": SCRIPT}}
    page.get_by_role("textbox", name="Payload").fill(json.dumps(body))
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#trial")).to_contain_text(SCRIPT)
    assert page.locator("main img").count() == 0
