"""What people do at three in the morning, in a real browser over a running bridge."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.scene import SERVICE, Scene, wait_until

#: The first test here waits for the bridge to be played to, however slow the machine is.
pytestmark = [pytest.mark.story, pytest.mark.timeout(300)]


def find(page: Page, written: str) -> Locator:
    """Search for something and return the links to what was found."""
    page.get_by_label("External id, interaction id, key or sender").fill(written)
    page.get_by_role("button", name="Find").click()
    return page.locator("#live tbody th a")


def sandboxed(scene: Scene, external_id: str) -> dict[str, Any]:
    """Return what the API holds of a conversation."""
    (found,) = httpx.get(
        f"{scene.places['sandbox']}/sandbox/interactions", params={"externalId": external_id}
    ).json()
    return dict(found)


def test_a_conversation_is_found_by_all_that_leads_to_it(watched: Watched, scene: Scene) -> None:
    """The external id, the API's id, the idempotency key and the sender, however it is written."""
    external_id = scene.external_id("70")
    interaction_id = sandboxed(scene, external_id)["id"]
    page = watched.open("/interactions")
    for written in (external_id, interaction_id, "tickets:opened-70", "  ANA@example.org "):
        expect(find(page, written).filter(has_text=external_id)).to_be_visible()
        assert "?" not in page.url, "what was searched for stands in no address"
    expect(find(page, "nobody@example.org")).to_have_count(0)


def test_a_list_is_narrowed_down_by_state_and_channel(watched: Watched, scene: Scene) -> None:
    """Only what fits is listed: here the one ticket that ended."""
    page = watched.open("/interactions")
    page.get_by_label("State").select_option("ended")
    page.get_by_label("Channel").select_option("tickets")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#live tbody tr")).to_have_count(1)
    page.get_by_label("State").select_option("parked")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("link", name=scene.external_id("70"))).to_have_count(0)
    expect(page.locator("#live tbody .badge", has_text="parked").first).to_be_visible()


def test_the_timeline_of_a_conversation_is_read_and_grows(watched: Watched, scene: Scene) -> None:
    """Each try and its answer stands there, in local time with UTC behind it; what happens next appears."""
    external_id = scene.external_id("70")
    page = watched.open("/interactions")
    find(page, external_id).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(external_id)
    timeline = page.locator(".timeline")
    expect(timeline.locator("li.is-warn").first).to_contain_text("deferred")
    expect(timeline).to_contain_text("503")
    moment = timeline.locator("time").first
    expect(moment).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"))
    expect(moment).not_to_contain_text("UTC")
    before = timeline.locator("> li").count()
    scene.ticket("changed", "70", subject="Again", email="ana@example.org", name="Ana Lima", again="live")
    expect(timeline.locator("> li")).to_have_count(before + 2)


def test_a_dead_letter_is_mended_and_replayed(watched: Watched, scene: Scene) -> None:
    """What it carries is hidden until it is revealed; the change is shown before it is done."""
    page = watched.open(f"/letters?external_id={scene.dead('bad0').external_id}")
    page.locator("section", has_text="One by one").locator("tbody th a").click()
    content = page.locator("#content")
    expect(content).to_contain_text("••••••")
    expect(content).not_to_contain_text("eve@example.org")
    content.get_by_role("button", name="Reveal").click()
    expect(content).to_contain_text("eve@example.org")
    content.get_by_role("button", name="Edit").click()
    content.get_by_label("user_data.Priority").fill('"high"')
    content.get_by_role("button", name="Show what changes").click()
    expect(content.locator("#difference")).to_contain_text('"high"')
    content.get_by_role("button", name="Mend and replay").click()
    expect(page.locator("#answer")).to_contain_text("replayed as command 1")
    mended = wait_until(
        lambda: [
            each for each in scene.ask("GET", "interactions") if each["userData"].get("Priority") == "high"
        ],
        reason="the mended command was not delivered",
    )
    assert len(mended) == 1


def test_dead_letters_are_replayed_together_after_a_plan(watched: Watched, scene: Scene) -> None:
    """The plan says how many; the run shows how far it is; afterwards none is left of that kind."""
    scene.behave()
    page = watched.open("/letters")
    group = page.locator("#live section").first.locator("tbody tr", has_text="rejected")
    letters = group.locator("td.num").inner_text()
    group.get_by_role("button", name="Replay").click()
    expect(page.locator("#answer")).to_contain_text(f"Plan: replay {letters}")
    expect(page.locator("#answer")).to_contain_text("Nothing has been done yet")
    page.locator("#answer").get_by_role("button", name=re.compile("Replay")).click()
    expect(page.locator("#run")).to_contain_text(f"{letters} of {letters}")
    expect(page.locator("#run .badge")).to_have_text("done")
    expect(group).to_have_count(0)


def test_an_unreadable_delivery_is_discarded_with_a_reason(watched: Watched) -> None:
    """Without a reason nothing is given up."""
    page = watched.open("/letters?cause=unreadable")
    page.get_by_role("button", name="Discard").first.click()
    answer = page.locator("#answer")
    answer.get_by_label("Reason").fill("the sender was told")
    answer.get_by_role("button", name=re.compile("Discard")).click()
    expect(page.locator("#run .badge")).to_have_text("done")
    expect(page.locator("#live")).to_contain_text("No dead letter fits")


def test_a_paused_service_stops_and_goes_on(watched: Watched, scene: Scene) -> None:
    """What arrives meanwhile waits, and the overview says why; resumed, it is delivered."""
    page = watched.open(f"/service?name={SERVICE}")
    page.get_by_label("Reason").fill("the API is being moved")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#answer")).to_contain_text("is paused")
    expect(page.locator("#live .badge").first).to_have_text("paused")
    scene.ticket("changed", "73", subject="While paused", email="dai@example.org", name="Dai", again="paused")
    external_id = scene.external_id("73")
    expect(page.locator("#live").get_by_role("link", name=external_id)).to_be_visible()
    watched.open("/")
    expect(page.locator(".verdict")).to_contain_text("Service support is paused: the API is being moved")
    assert sandboxed(scene, external_id)["userData"]["Subject"] != "While paused"
    watched.open(f"/service?name={SERVICE}")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#answer")).to_contain_text("is open")
    expect(page.locator("#live")).to_contain_text("Nothing waits")
    wait_until(
        lambda: sandboxed(scene, external_id)["userData"]["Subject"] == "While paused",
        reason="what waited was not delivered",
    )


def test_a_test_call_says_that_address_and_key_are_right(watched: Watched) -> None:
    """It changes nothing at the API."""
    page = watched.open(f"/service?name={SERVICE}")
    page.get_by_role("button", name="Test call").click()
    expect(page.locator("#answer")).to_contain_text("answers and takes the key")


def test_a_sweep_is_planned_before_it_runs(watched: Watched, scene: Scene) -> None:
    """The dry run names what would be stopped and stops nothing; the run stops it and is remembered."""
    external_id = scene.external_id("72")
    page = watched.open("/sweeps")
    page.get_by_role("button", name="Plan a sweep").click()
    answer = page.locator("#answer")
    expect(answer).to_contain_text("1 of")
    expect(answer.get_by_role("link", name=external_id)).to_be_visible()
    assert sandboxed(scene, external_id)["state"] == "active"
    answer.get_by_role("button", name="Sweep now").click()
    expect(answer).to_contain_text("Asked for: 1 stops")
    expect(page.locator("#live tbody tr", has_text="person").first).to_contain_text("done")
    wait_until(lambda: sandboxed(scene, external_id)["state"] == "stopped", reason="it was not stopped")


def test_a_channel_shows_its_answers_tries_a_payload_and_is_paused(watched: Watched) -> None:
    """A refusal stands there with its reason; a trial keeps nothing; a pause is seen at once."""
    page = watched.open("/channel?name=tickets")
    expect(page.locator("#live tbody tr", has_text="refused")).to_contain_text("X-Signature-256")
    body = '{"event": "ticket.opened", "delivery": "try", "ticket": {"id": "9", "subject": "Tried"}}'
    page.get_by_role("textbox", name="Payload").fill(body)
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#trial")).to_contain_text("It would become 1 command")
    expect(page.locator("#trial")).to_contain_text("Tried")
    page.locator("#pause-reason").fill("a flood")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#live")).to_contain_text("a flood")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#answer")).to_contain_text("it was paused because: a flood")


def test_faults_of_the_sandbox_are_switched_on_and_off(watched: Watched) -> None:
    """They stand there while they last."""
    page = watched.open("/sandbox")
    page.get_by_role("button", name="Half of all calls fail").click()
    expect(page.locator("#live")).to_contain_text("status 503, any call, 50 %")
    page.get_by_role("button", name="Off").click()
    expect(page.locator("#live")).to_contain_text("Nothing goes wrong on purpose")


def test_it_is_worked_by_keyboard_alone(watched: Watched, scene: Scene) -> None:
    """The first stop leads past the navigation, a slash to the search; a refresh leaves the focus alone."""
    page = watched.open("/interactions")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type(scene.external_id("70"))
    page.keyboard.press("Enter")
    expect(page.locator("#live tbody tr")).to_have_count(1)
    watched.open("/")
    link = page.locator("#live").get_by_role("link", name=SERVICE, exact=True)
    link.focus()
    with page.expect_response(lambda answer: "/overview/live" in answer.url):
        pass
    expect(link).to_be_focused()
