"""Every page, in light and dark, on a desk and on a phone: without serious findings, and nothing cut off."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.places import pages
from tests.browser.scene import Scene

pytestmark = pytest.mark.story

#: Findings of WCAG 2.2, A and AA, and what axe calls good practice.
_SERIOUS = {"serious", "critical"}


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_pages_have_no_serious_findings(browser: Browser, scene: Scene, look: str) -> None:
    """Contrast, labels, order, names: as axe finds them. On a phone no page is wider than its screen."""
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 800}
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type] # playwright names its own mapping
        color_scheme="dark" if look == "dark" else "light",
    )
    page = context.new_page()
    found = {}
    for name, path in pages(scene).items():
        page.goto(scene.places["console"] + path)
        violations = Axe().run(page).response["violations"]
        serious = [
            f"{each['id']}: {each['nodes'][0]['html'][:120]}"
            for each in violations
            if each["impact"] in _SERIOUS
        ]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            serious.append("wider than its screen")
        if serious:
            found[name] = serious
    context.close()
    assert found == {}
