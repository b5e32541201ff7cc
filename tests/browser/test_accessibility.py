"""Every page, in light and dark, on a desk and on a phone: without serious findings, and nothing cut off."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.places import pages
from tests.browser.scene import Scene

#: The first test here waits for the bridge to be played to, however slow the machine is.
pytestmark = [pytest.mark.story, pytest.mark.timeout(300)]

_SERIOUS = {"serious", "critical"}
#: What depends on how a page looks; the rest is the same in every look.
_LOOKS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]}
}


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_pages_have_no_serious_findings(browser: Browser, scene: Scene, look: str) -> None:
    """Contrast, labels, order, names: as axe finds them. On a phone no page is wider than its screen."""
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 800}
    scheme = "dark" if look == "dark" else "light"
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    found = {}
    for name, path in pages(scene).items():
        page.goto(scene.places["console"] + path)
        findings = Axe().run(page, options={} if look == "light" else _LOOKS).response["violations"]
        serious = [
            f"{each['id']}: {each['nodes'][0]['html'][:120]}"
            for each in findings
            if each["impact"] in _SERIOUS
        ]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            serious.append("wider than its screen")
        if serious:
            found[name] = serious
    context.close()
    assert found == {}
